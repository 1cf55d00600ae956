import { z } from 'zod'
import { readSettings, writeSettings } from '../store/settings'
import { policyOf, policySchema } from './schemas'
import { procedureFor, router } from './trpc'

export const settingsRouter = router({
  get: procedureFor('nodes.read').query(({ ctx }) => readSettings(ctx.services.store)),

  /** How nodes are scored for deployments that don't say; decisions made before keep theirs. */
  setPolicy: procedureFor('settings.manage')
    .input(z.object({ policy: policySchema }))
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { policy: policyOf(input.policy) })),

  setDecisionRetention: procedureFor('settings.manage')
    .input(z.object({ days: z.number().int('Whole days').min(1, 'At least a day').max(3650, 'At most ten years') }))
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { decisionRetentionDays: input.days })),
})

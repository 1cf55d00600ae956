import { z } from 'zod'
import { policySchema } from '@/core/contract/deployments'
import { flag } from '@/core/contract/form-fields'
import { int4 } from '@/core/contract/ranges'
import { policyOf } from '@/core/placement/types'
import { heartbeatProblems } from '@/core/settings/settings'
import { procedureFor, router } from '@/server/api/context/trpc'
import { readSettings, writeSettings } from '@/server/store/records/settings'

/** The settings below check the ranges, with messages of their own. */
const seconds = (error: string) => z.number({ error }).min(int4.min, error).max(int4.max, error)

const heartbeatSchema = z
  .object({
    everySeconds: seconds('The interval must be a number of seconds'),
    limitSeconds: seconds('The limit must be a number of seconds'),
  })
  .superRefine((heartbeat, context) => {
    for (const [field, message] of Object.entries(heartbeatProblems(heartbeat)))
      context.addIssue({ code: 'custom', path: [field], message })
  })

export const settingsRouter = router({
  get: procedureFor('nodes.read').query(({ ctx }) => readSettings(ctx.services.store)),

  /** The default policy, for deployments without their own; past decisions keep theirs. */
  setPolicy: procedureFor('settings.manage')
    .input(z.object({ policy: policySchema }))
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { policy: policyOf(input.policy) })),

  /**
   * The heartbeat interval, and the time without heartbeats after which a node is offline. Agents learn of a change with their next
   * heartbeat.
   */
  setHeartbeat: procedureFor('settings.manage')
    .input(heartbeatSchema)
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { heartbeat: input })),

  setDecisionRetention: procedureFor('settings.manage')
    .input(z.object({ days: z.number().int('Whole days').min(1, 'At least a day').max(3650, 'At most ten years') }))
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { decisionRetentionDays: input.days })),

  /** Whether deployments may share a name; existing duplicates stay when this is switched off. */
  setRepeatedNames: procedureFor('settings.manage')
    .input(z.object({ allowed: flag('allowed') }))
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { allowRepeatedNames: input.allowed })),
})

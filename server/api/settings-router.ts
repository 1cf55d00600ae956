import { z } from 'zod'
import { policyOf } from '../domain/placement'
import { heartbeatLimits, heartbeatProblem } from '../domain/settings'
import { readSettings, writeSettings } from '../store/settings'
import { policySchema } from './schemas'
import { procedureFor, router } from './trpc'

const seconds = (what: string, { min, max }: { min: number; max: number }) =>
  z
    .number({ error: `${what} must be a number of seconds` })
    .int(`${what} must be whole seconds`)
    .min(min, `${what} must be between ${min} and ${max} seconds`)
    .max(max, `${what} must be between ${min} and ${max} seconds`)

const heartbeatSchema = z
  .object({
    everySeconds: seconds('The interval', heartbeatLimits.every),
    limitSeconds: seconds('The limit', heartbeatLimits.limit),
  })
  .superRefine((heartbeat, context) => {
    const message = heartbeatProblem(heartbeat)
    if (message) context.addIssue({ code: 'custom', path: ['limitSeconds'], message })
  })

export const settingsRouter = router({
  get: procedureFor('nodes.read').query(({ ctx }) => readSettings(ctx.services.store)),

  /** How nodes are scored for deployments that don't say; decisions made before keep theirs. */
  setPolicy: procedureFor('settings.manage')
    .input(z.object({ policy: policySchema }))
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { policy: policyOf(input.policy) })),

  /** How often agents show that they live, and when silence makes a node offline. Agents hear of it with their next one. */
  setHeartbeat: procedureFor('settings.manage')
    .input(heartbeatSchema)
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { heartbeat: input })),

  setDecisionRetention: procedureFor('settings.manage')
    .input(z.object({ days: z.number().int('Whole days').min(1, 'At least a day').max(3650, 'At most ten years') }))
    .mutation(({ ctx, input }) => writeSettings(ctx.services.store, ctx.actor, { decisionRetentionDays: input.days })),
})

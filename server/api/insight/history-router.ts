import { z } from 'zod'
import { regionSchema } from '@/core/contract/deployments'
import { Failure } from '@/core/contract/failure'
import { idText, personTime } from '@/core/contract/fields'
import type { Services } from '@/server/api/context/context'
import { procedureFor, router } from '@/server/api/context/trpc'
import { momentsNear, readBounds, readMarks } from '@/server/store/insight/history-marks'
import { readPastDeployment } from '@/server/store/insight/past-deployment'
import { readPastFleet } from '@/server/store/insight/past-fleet'

const moment = personTime('Give a moment as ISO 8601, for example 2026-11-27T14:02:31Z')

const stretch = z
  .object({
    from: moment,
    to: moment,
    deploymentId: z.uuid('Give the id of a deployment').optional(),
    parts: z.number().int().min(1).max(400).default(120),
  })
  .refine(({ from, to }) => from < to, { path: ['from'], message: 'Give a beginning that is before the end' })

/** Browser clocks may be ahead of the server's clock by this much. */
const toleratedMs = 5_000

const refused = (message: string): Failure => new Failure('bad-input', message, { fields: [{ path: 'at', message }] })

/** The requested time, at most now; throws when it is in the future. */
function pastMoment({ clock }: Services, asked: Date | undefined): Date {
  const now = clock.now()
  if (asked === undefined) return now
  if (asked.getTime() > now.getTime() + toleratedMs)
    throw refused(`${asked.toISOString()} is in the future: choose a moment up to now`)
  return asked < now ? asked : now
}

/** Past states. Without `at` the current state. */
export const historyRouter = router({
  bounds: procedureFor('nodes.read').query(({ ctx: { services } }) => readBounds(services.store, services.clock.now())),

  /** All nodes at that time with their state, reservations and usage, in the text format of readPastNodes(). */
  fleetAt: procedureFor('nodes.read')
    .input(z.object({ at: moment.optional(), region: z.optional(regionSchema) }))
    .query(async ({ ctx: { services }, input }) => {
      const at = pastMoment(services, input.at)
      const { from } = await readBounds(services.store, at)
      if (at < new Date(from)) throw refused(`The records begin at ${from}: choose that moment or a later one`)
      return readPastFleet(services.store, { at, region: input.region })
    }),

  /** A deployment at that time: its desired state, its status, and the node of each replica. */
  deploymentAt: procedureFor('deployments.read')
    .input(z.object({ id: idText(), at: moment.optional() }))
    .query(({ ctx: { services }, input }) =>
      readPastDeployment(services.store, { id: input.id, at: pastMoment(services, input.at) }),
    ),

  /** The number of events over time, and the notable ones. */
  marks: procedureFor('deployments.read')
    .input(stretch)
    .query(({ ctx, input: { parts, ...where } }) => readMarks(ctx.services.store, where, parts)),

  /** The times of the previous and the next change. */
  near: procedureFor('deployments.read')
    .input(
      z.object({
        at: moment,
        deploymentId: z.uuid('Give the id of a deployment').optional(),
        limit: z.number().int().min(1).max(100).default(30),
      }),
    )
    .query(({ ctx, input }) => momentsNear(ctx.services.store, input)),
})

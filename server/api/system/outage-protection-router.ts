import { z } from 'zod'
import { regionSchema } from '@/core/contract/deployments'
import { procedureFor, router } from '@/server/api/context/trpc'
import { movesOfOverride, openProtections, overrideProtection } from '@/server/store/node-loss/outage-protection'

export const outageProtectionRouter = router({
  /** The regions under outage protection: so many nodes became unreachable at once that no replica is moved. */
  list: procedureFor('nodes.read').query(({ ctx }) => openProtections(ctx.services.store)),

  /** Lists the replicas that overriding a region's protection would replace at once. */
  moves: procedureFor('nodes.read')
    .input(z.object({ region: regionSchema }))
    .query(({ ctx, input }) => movesOfOverride(ctx.services.store, input.region)),

  override: procedureFor('protection.override')
    .input(z.object({ region: regionSchema }))
    .mutation(async ({ ctx, input }) => {
      const { offline } = await overrideProtection(ctx.services.store, ctx.actor, input.region)
      ctx.services.log.warn(
        `Outage protection of ${input.region} overridden by ${ctx.actor.name}: what ran on its ${offline} offline nodes is moved`,
      )
    }),
})

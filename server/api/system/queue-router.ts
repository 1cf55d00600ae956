import { z } from 'zod'
import { actionBlocked } from '@/core/deployments/actions'
import type { DeadLetterKind, DeadLetterView } from '@/core/queue/dead-letters'
import { procedureFor, router } from '@/server/api/context/trpc'
import { retryDeployment } from '@/server/store/deployments/deployments'
import { listDeadLetters, tryNow } from '@/server/store/queue/dead-letter-reads'

/** Scheduling work that waits or has exhausted its retries. */
export const queueRouter = router({
  list: procedureFor('deployments.read').query(
    async ({ ctx }): Promise<{ items: DeadLetterView[]; counts: Record<DeadLetterKind, number> }> => {
      const { items, counts } = await listDeadLetters(ctx.services.store)
      return {
        counts,
        items: items.map(({ deployment, ...work }) => ({
          ...work,
          since: work.since.toISOString(),
          nextTryAt: work.nextTryAt?.toISOString() ?? null,
          deploymentId: deployment.id,
          deploymentName: deployment.name,
          blocked: actionBlocked(ctx.actor, deployment, work.kind === 'dead' ? 'retry' : 'scale')?.message ?? null,
        })),
      }
    },
  ),

  /** Retries an item: a dead one starts over with its deployment, and a waiting one becomes due now. */
  tryAgain: procedureFor('deployments.changeOwn')
    .input(z.object({ id: z.uuid() }))
    .mutation(async ({ ctx, input }) => {
      const { store, log } = ctx.services
      const { items } = await listDeadLetters(store)
      const dead = items.find(({ id, kind }) => id === input.id && kind === 'dead')
      const { deploymentId, name } = dead
        ? await retryDeployment(store, ctx.actor, dead.deployment.id).then(({ id, name }) => ({
            deploymentId: id,
            name,
          }))
        : await tryNow(store, ctx.actor, input.id)
      log.info(`Trying deployment ${deploymentId} again for user ${ctx.actor.name}`)
      return { deploymentId, name }
    }),
})

import { z } from 'zod'
import { idText, personText } from '@/core/contract/fields'
import { countOf } from '@/core/lib/count-of'
import { leavingState } from '@/core/nodes/drain'
import { place } from '@/core/scheduler/place'
import type { DrainPreview, LeavingView } from '@/core/views/nodes'
import type { Services } from '@/server/api/context/context'
import { logStatusChange } from '@/server/api/context/log-lines'
import { procedureFor, router } from '@/server/api/context/trpc'
import { readDecision } from '@/server/store/decisions/decision-reads'
import { drainNode, undrainNode } from '@/server/store/maintenance/drain'
import { type LeavingRow, leavingReplicas } from '@/server/store/maintenance/drain-reads'
import { removeNode } from '@/server/store/maintenance/removal'
import { drainPreview } from './drain-preview'

const byId = z.object({ id: idText() })

export const drainRouter = router({
  /** Previews where all replicas on the nodes would go if they were drained. */
  drainPreview: procedureFor('nodes.read')
    .input(z.object({ ids: z.array(idText()).min(1).max(200, 'At most 200 nodes at once') }))
    .query(({ ctx, input }): Promise<DrainPreview> => drainPreview(ctx.services, input.ids)),

  /** The replicas that are still on a draining node, and what each of them waits for. */
  drainProgress: procedureFor('nodes.read')
    .input(byId)
    .query(async ({ ctx, input }): Promise<LeavingView[]> => {
      const rows = await leavingReplicas(ctx.services.store, input.id)
      return Promise.all(rows.map((row) => leavingView(ctx.services, row)))
    }),

  drain: procedureFor('nodes.drain')
    .input(byId.extend({ maintenance: z.boolean().default(false) }))
    .mutation(async ({ ctx, input }) => {
      const { nodeId, replicas } = await drainNode(ctx.services.store, ctx.actor, input)
      const why = input.maintenance ? ' for maintenance' : ''
      ctx.services.log.info(
        `Draining node ${nodeId}${why}: ${countOf(replicas, 'replica')} to move, by ${ctx.actor.name}`,
      )
      return { replicas }
    }),

  undrain: procedureFor('nodes.drain')
    .input(byId)
    .mutation(async ({ ctx, input }) => {
      const { nodeId } = await undrainNode(ctx.services.store, ctx.actor, input.id)
      ctx.services.log.info(`Node ${nodeId} takes replicas again, by ${ctx.actor.name}`)
    }),

  remove: procedureFor('nodes.manage')
    .input(byId.extend({ lost_name: personText({ max: 100 }).nullable().default(null) }))
    .mutation(async ({ ctx, input }) => {
      const { log, store } = ctx.services
      const removed = await removeNode(store, ctx.actor, { id: input.id, lostName: input.lost_name })
      log.info(`Node ${removed.nodeId} removed by ${ctx.actor.name}, ${countOf(removed.lost, 'replica')} lost`)
      for (const change of removed.deployments) logStatusChange(log, change)
      return { lost: removed.lost }
    }),
})

async function leavingView({ store }: Services, row: LeavingRow): Promise<LeavingView> {
  const { state, text } = leavingState(row)
  return {
    id: row.id,
    slot: row.slot,
    deploymentId: row.deploymentId,
    deploymentName: row.deploymentName,
    status: row.status,
    state,
    text,
    decisionId: state === 'no-room' ? row.refusedDecisionId : null,
    reasons: state === 'no-room' && row.refusedDecisionId ? await reasonsOf(store, row.refusedDecisionId) : [],
  }
}

/** Counts the reasons why nodes were ineligible, from the record of the decision. */
async function reasonsOf(store: Services['store'], decisionId: string): Promise<LeavingView['reasons']> {
  const { request, fleet, policy } = await readDecision(store, decisionId)
  return place(request, fleet, policy).refusal?.reasons ?? []
}

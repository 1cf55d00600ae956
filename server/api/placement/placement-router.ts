import type { PlacementSummary } from '@/core/placement/decision-summary'
import type { Ranking } from '@/core/placement/ranking'
import type { Policy } from '@/core/placement/types'
import { LazyExplanation } from '@/core/scheduler/lazy-explanation'
import { procedureFor, router } from '@/server/api/context/trpc'
import { previewSchema } from '@/server/api/inputs/schemas'
import { asIfDeployed, tokenOf } from './preview'
import { rankDecisionSchema, rankNow, rankRecorded, rankSchema } from './ranking'

/** How many nodes a preview shows. */
const previewSize = 50

interface Preview {
  placement: PlacementSummary
  /** UUIDs of the nodes that suggestions name. */
  suggestedIds: Record<string, string>
  /** The regions of the fleet, for suggestions. */
  regions: string[]
  policy: Policy
  /** ISO 8601 */
  takenAt: string
  /** Hand it to the deploy call as preview_token: it tells when the outcome would now differ. */
  token: string
}

export const placementRouter = router({
  /** What the scheduler would decide now, by the same function, without writing anything. */
  preview: procedureFor('deployments.read')
    .input(previewSchema)
    .query(async ({ ctx, input }): Promise<Preview> => {
      const { at, ...asked } = await asIfDeployed(ctx.services, input)
      const placement = new LazyExplanation(asked).summary(previewSize)
      const named = new Set(placement.refusal?.suggestions.flatMap(({ nodeIds }) => nodeIds))
      const suggested = named.size === 0 ? [] : asked.fleet.nodes.filter(({ nodeId }) => named.has(nodeId))
      return {
        placement,
        suggestedIds: Object.fromEntries(suggested.map(({ id, nodeId }) => [nodeId, id])),
        regions: [...new Set(asked.fleet.nodes.map((node) => node.region))].sort(),
        policy: asked.policy,
        takenAt: at.toISOString(),
        token: tokenOf(placement.refusal ? null : placement.chosen.map((node) => node.nodeId)),
      }
    }),

  /** Every node with its rank, its score and what made it, as the fleet is now: page by page. */
  rank: procedureFor('deployments.read')
    .input(rankSchema)
    .query(({ ctx, input }): Promise<Ranking> => rankNow(ctx.services, input)),

  /** The same of a decision, on the fleet that it saw; with another policy, what that would have made of it. */
  rankDecision: procedureFor('deployments.read')
    .input(rankDecisionSchema)
    .query(({ ctx, input }): Promise<Ranking> => rankRecorded(ctx.services, input)),
})

import { previewSchema } from '@/core/contract/deployments'
import type { PlacementSummary } from '@/core/placement/decision-summary'
import type { Ranking } from '@/core/placement/ranking'
import type { Policy } from '@/core/placement/types'
import { LazyExplanation } from '@/core/scheduler/lazy-explanation'
import { procedureFor, router } from '@/server/api/context/trpc'
import { asIfDeployed, tokenOf } from './preview'
import { rankDecisionSchema, rankNow, rankRecorded, rankSchema } from './ranking'

/** Number of nodes in a preview. */
const previewSize = 50

interface Preview {
  placement: PlacementSummary
  /** UUIDs of the nodes that suggestions name. */
  suggestedIds: Record<string, string>
  /** All regions of the fleet, for suggestions. */
  regions: string[]
  policy: Policy
  /** ISO 8601 */
  takenAt: string
  /** Send this to the deploy call as preview_token, to learn whether the outcome has changed since. */
  token: string
}

export const placementRouter = router({
  /** Previews the scheduler's decision with the scheduler's own function, without writing anything. */
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

  /** Ranks all nodes of the current fleet, with the score and its parts, in pages. */
  rank: procedureFor('deployments.read')
    .input(rankSchema)
    .query(({ ctx, input }): Promise<Ranking> => rankNow(ctx.services, input)),

  /** Ranks all nodes of a recorded decision, on the fleet that it saw, optionally with another policy. */
  rankDecision: procedureFor('deployments.read')
    .input(rankDecisionSchema)
    .query(({ ctx, input }): Promise<Ranking> => rankRecorded(ctx.services, input)),
})

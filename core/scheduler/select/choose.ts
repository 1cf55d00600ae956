/** Chooses nodes without explaining the choice; ../place.ts explains it, and ../suggest.ts tries changed requests. */
import type { ChosenNode, Fleet, FleetNode, PlacementRequest, Policy } from '@/core/placement/types'
import { capacityOn, meetsAll, withReplica } from '@/core/scheduler/filters/filters'
import { localityFor } from '@/core/scheduler/scoring/locality'
import { type ScoreContext, scoreOf } from '@/core/scheduler/scoring/score'
import { type Candidate, type Choice, compareCandidates } from './candidates'
import { chooseSpreading } from './choose-spreading'

/**
 * Picks nodes for up to `wanted` replicas from candidates sorted best first. A node that can take another replica is
 * scored again, with the reservations and the load of the replicas just placed on it, and competes with the rest.
 */
function pick(context: ScoreContext, sorted: readonly Candidate[], wanted: number): ChosenNode[] {
  const chosen: ChosenNode[] = []
  const again: Candidate[] = []
  let next = 0
  while (chosen.length < wanted) {
    let best = sorted[next]
    let bestAgain = -1
    for (const [index, candidate] of again.entries()) {
      if (best && compareCandidates(best, candidate) <= 0) continue
      best = candidate
      bestAgain = index
    }
    if (!best) break
    if (bestAgain < 0) next += 1
    else again.splice(bestAgain, 1)
    chosen.push({ id: best.node.id, nodeId: best.node.nodeId, score: best.score })
    const after = withReplica(context.request, best.node)
    if (meetsAll(context.request, after)) again.push({ node: after, score: scoreOf(context, after) })
  }
  return chosen
}

/** Chooses the best nodes for the request: filters and scores the fleet in one pass, sorts, and picks. */
export function choose(request: PlacementRequest, fleet: Fleet, policy: Policy): Choice {
  const context = { request, policy, locality: localityFor(request.region, fleet) }
  if (request.placementRules && request.placementRules.spread.length > 0) return chooseSpreading(context, fleet.nodes)
  return chooseAmong({ ...context, spreading: null }, fleet.nodes)
}

/**
 * Chooses among some nodes of the fleet, for requests without a spread. If `nodes` includes every node that can win,
 * the result is that of the whole fleet.
 */
export function chooseAmong(context: ScoreContext, nodes: readonly FleetNode[]): Choice {
  const { request } = context
  const avoided = new Set(request.avoidNodeIds)
  const preferred: Candidate[] = []
  const lastResort: Candidate[] = []
  const refused: FleetNode[] = []
  let preferredCapacity = 0
  let lastCapacity = 0
  for (const node of nodes) {
    const capacity = capacityOn(request, node)
    if (capacity === 0) {
      refused.push(node)
    } else if (avoided.has(node.id)) {
      lastResort.push({ node, score: scoreOf(context, node) })
      lastCapacity += capacity
    } else {
      preferred.push({ node, score: scoreOf(context, node) })
      preferredCapacity += capacity
    }
  }
  preferred.sort(compareCandidates)
  lastResort.sort(compareCandidates)
  if (preferredCapacity >= request.replicas) {
    const skipped = lastResort.map(({ node }) => node)
    const chosen = pick(context, preferred, request.replicas)
    return { context, ...ranked(preferred), skipped, refused, found: preferredCapacity, chosen }
  }
  const found = preferredCapacity + lastCapacity
  const chosen: ChosenNode[] = []
  if (found >= request.replicas) {
    chosen.push(...pick(context, preferred, request.replicas))
    chosen.push(...pick(context, lastResort, request.replicas - chosen.length))
  }
  return { context, ...ranked([...preferred, ...lastResort]), skipped: [], refused, found, chosen }
}

const ranked = (candidates: Candidate[]): Pick<Choice, 'candidates' | 'feasible' | 'first'> => ({
  candidates,
  feasible: candidates.length,
  first: (count) => candidates.slice(0, count),
})

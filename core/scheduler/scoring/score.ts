/**
 * How good a feasible node is, in 0..1:
 *
 *   resources = ((free_cpu − cpu)/cap_cpu + (free_mem − mem)/cap_mem) / 2
 *   load      = ((100 − cpu_usage)/100 + (100 − mem_usage)/100) / 2
 *   score     = w_resources × resources + w_load × load + w_locality × locality
 *
 * (a packing policy takes 1 − resources instead, so that fuller nodes come first)
 * with the weights 0.4, 0.3, 0.3 by default, that is 0.4/2 for each of CPU and memory and 0.15 for each usage. The
 * order of operations is the one written above, the sum is taken from left to right, and there is no other place that
 * computes any of it: the same inputs give the same last bit everywhere, which ties and replay rely on.
 *
 * Soft wishes take a share of the score, and leave the rest to the policy in the same proportions as before. Each has a
 * weight of 1..100; with s = weight/100 for each, p, q and a the sums of s over the preferences, the spreads and the
 * affinities, and n = 1 + p + q + a:
 *
 *   score = w_resources/n × resources + w_load/n × load + w_locality/n × locality
 *         + p/n × preferences + q/n × spread + a/n × affinity
 *
 * where the value of the last three is the mean of the wishes' own values, weighted by s: 1 for a preference or an
 * affinity that is met and 0 for one that is not, and for a spread what ../select/spreading.ts says. Without wishes n is 1, nothing
 * is divided, and the score is the one above. (Kubernetes weighs preferences of 1..100 the same way, but against scores
 * of other plugins; here they are shares, so that a score stays within 0..1 and its parts add up to it.)
 */
import type { FleetNode, LocalityFact, PlacementRequest, Policy, ScoreInputs, ScorePart } from '@/core/placement/types'
import type { Spreading } from '@/core/scheduler/select/spreading'
import { sharesOf, wishValues } from './preferences'

/** Free after the placement, as a share of the whole. A node without any of it has no share left. */
const leftShare = (capacity: number, reserved: number, asked: number): number =>
  capacity > 0 ? (capacity - reserved - asked) / capacity : 0

/** As if the replicas that no heartbeat has seen yet used all they asked for; null when the usage is unknown. */
const usageWithUnseen = (usagePercent: number | null, unseen: number, capacity: number): number | null => {
  if (usagePercent === null) return null
  return Math.min(100, Math.max(0, usagePercent + (capacity > 0 ? (100 * unseen) / capacity : 0)))
}

const cpuUsage = (node: FleetNode): number | null =>
  usageWithUnseen(node.cpuUsagePercent, node.unseen.cpuMillis, node.capacity.cpuMillis)
const memoryUsage = (node: FleetNode): number | null =>
  usageWithUnseen(node.memoryUsagePercent, node.unseen.memoryMb, node.capacity.memoryMb)

/** Unknown usage counts as fully loaded: nobody can trust what nobody has seen, and a node that reports goes first. */
const idleShare = (usagePercent: number | null): number => (100 - (usagePercent ?? 100)) / 100

function resourcesValue(request: PlacementRequest, policy: Policy, node: FleetNode): number {
  const left =
    (leftShare(node.capacity.cpuMillis, node.reserved.cpuMillis, request.resources.cpuMillis) +
      leftShare(node.capacity.memoryMb, node.reserved.memoryMb, request.resources.memoryMb)) /
    2
  return policy.packing ? 1 - left : left
}

const loadValue = (node: FleetNode): number => (idleShare(cpuUsage(node)) + idleShare(memoryUsage(node))) / 2

/** In the order of the sum. */
const wishNames = ['preferences', 'spread', 'affinity'] as const

/** What a score depends on besides the node. */
export interface ScoreContext {
  request: PlacementRequest
  policy: Policy
  locality: (node: FleetNode) => LocalityFact
  /** Where the replicas of the deployment are by now; null when nothing asks for it. */
  spreading: Spreading | null
}

/** The score alone, for the pass over all nodes. */
export function scoreOf({ request, policy, locality, spreading }: ScoreContext, node: FleetNode): number {
  const { wishes } = request
  const shares = sharesOf(wishes)
  const { weights } = policy
  let score =
    (weights.resources / shares.whole) * resourcesValue(request, policy, node) +
    (weights.load / shares.whole) * loadValue(node) +
    (weights.locality / shares.whole) * locality(node).value
  if (!wishes) return score
  const values = wishValues(wishes, node, spreading)
  for (const name of wishNames)
    if (shares[name] > 0) score += (shares[name] / shares.whole) * (values[name] / shares[name])
  return score
}

const part = (name: ScorePart['name'], weight: number, value: number): ScorePart => ({
  name,
  weight,
  value,
  contribution: weight * value,
})

/** The parts of the same score, for the record; their contributions, added from left to right, are the score. */
export function partsOf({ request, policy, locality, spreading }: ScoreContext, node: FleetNode): ScorePart[] {
  const { wishes } = request
  const shares = sharesOf(wishes)
  const { weights } = policy
  const parts = [
    part('resources', weights.resources / shares.whole, resourcesValue(request, policy, node)),
    part('load', weights.load / shares.whole, loadValue(node)),
    part('locality', weights.locality / shares.whole, locality(node).value),
  ]
  if (!wishes) return parts
  const values = wishValues(wishes, node, spreading)
  for (const name of wishNames)
    if (shares[name] > 0) parts.push(part(name, shares[name] / shares.whole, values[name] / shares[name]))
  return parts
}

/** What the score was made of; also recorded for nodes that were refused. */
export const inputsOf = (context: ScoreContext, node: FleetNode): ScoreInputs => ({
  freeCpuMillis: node.capacity.cpuMillis - node.reserved.cpuMillis,
  freeMemoryMb: node.capacity.memoryMb - node.reserved.memoryMb,
  capacityCpuMillis: node.capacity.cpuMillis,
  capacityMemoryMb: node.capacity.memoryMb,
  cpuUsagePercent: cpuUsage(node),
  memoryUsagePercent: memoryUsage(node),
  heartbeatAgeMs: node.heartbeatAgeMs,
  locality: context.locality(node),
})

/** Sentences about what the numbers cannot say by themselves. */
export function notesOf({ cpuUsagePercent, memoryUsagePercent, locality }: ScoreInputs): string[] {
  const notes: string[] = []
  const unknown = cpuUsagePercent === null ? (memoryUsagePercent === null ? 'CPU and memory' : 'CPU') : 'memory'
  if (cpuUsagePercent === null || memoryUsagePercent === null) {
    notes.push(`its ${unknown} usage is unknown, so it counts as fully loaded`)
  }
  if (locality.source === 'unknown') {
    notes.push('its latency to the wanted region is unknown, so its locality counts as 0')
  }
  return notes
}

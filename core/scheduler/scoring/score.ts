/**
 * The score of a feasible node, in 0..1:
 *
 *   resources = ((free_cpu − cpu)/cap_cpu + (free_mem − mem)/cap_mem) / 2
 *   load      = ((100 − cpu_usage)/100 + (100 − mem_usage)/100) / 2
 *   score     = w_resources × resources + w_load × load + w_locality × locality
 *
 * (a packing policy takes 1 − resources instead, so that fuller nodes come first)
 * with the weights 0.4, 0.3, 0.3 by default, that is 0.4/2 for each of CPU and memory and 0.15 for each usage. The
 * order of operations is the one written above, and the sum is taken from left to right: the same inputs must give the
 * same result to the last bit everywhere, because ties and replay rely on that.
 *
 * Preferences, spreads and affinities take a share of the score; the parts of the policy keep their proportions. Each
 * has a weight of 1..100. Let s = weight/100 for each, p, q and a the sums of s over the preferences, the spreads and
 * the affinities, and n = 1 + p + q + a:
 *
 *   score = w_resources/n × resources + w_load/n × load + w_locality/n × locality
 *         + p/n × preferences + q/n × spread + a/n × affinity
 *
 * The values of the last three are means weighted by s. A preference or an affinity has the value 1 if it is met, else
 * 0; ../select/spreading.ts has the value of a spread. Without any of them n is 1, nothing is divided, and the score is
 * the one above. (Kubernetes weighs preferences of 1..100 the same way, but against scores of other plugins; here they
 * are shares, so that a score stays within 0..1 and its parts add up to it.)
 */
import type { FleetNode, LocalityFact, PlacementRequest, Policy, ScoreInputs, ScorePart } from '@/core/placement/types'
import type { Spreading } from '@/core/scheduler/select/spreading'
import { preferenceValues, sharesOf } from './preferences'

/** Returns the share of the capacity that is free after the placement; 0 for a capacity of 0. */
const leftShare = (capacity: number, reserved: number, asked: number): number =>
  capacity > 0 ? (capacity - reserved - asked) / capacity : 0

/** Adds the requests of replicas that no heartbeat includes yet to the reported usage; null when that is unknown. */
const usageWithUnseen = (usagePercent: number | null, unseen: number, capacity: number): number | null => {
  if (usagePercent === null) return null
  return Math.min(100, Math.max(0, usagePercent + (capacity > 0 ? (100 * unseen) / capacity : 0)))
}

const cpuUsage = (node: FleetNode): number | null =>
  usageWithUnseen(node.cpuUsagePercent, node.unseen.cpuMillis, node.capacity.cpuMillis)
const memoryUsage = (node: FleetNode): number | null =>
  usageWithUnseen(node.memoryUsagePercent, node.unseen.memoryMb, node.capacity.memoryMb)

/** Unknown usage counts as fully loaded, so that nodes that report their usage come first. */
const idleShare = (usagePercent: number | null): number => (100 - (usagePercent ?? 100)) / 100

function resourcesValue(request: PlacementRequest, policy: Policy, node: FleetNode): number {
  const left =
    (leftShare(node.capacity.cpuMillis, node.reserved.cpuMillis, request.resources.cpuMillis) +
      leftShare(node.capacity.memoryMb, node.reserved.memoryMb, request.resources.memoryMb)) /
    2
  return policy.packing ? 1 - left : left
}

const loadValue = (node: FleetNode): number => (idleShare(cpuUsage(node)) + idleShare(memoryUsage(node))) / 2

/** In the order in which the sum adds them. */
const preferenceNames = ['preferences', 'spread', 'affinity'] as const

/** Everything that a score depends on besides the node. */
export interface ScoreContext {
  request: PlacementRequest
  policy: Policy
  locality: (node: FleetNode) => LocalityFact
  /** Replicas of the deployment per topology domain; null when the request has no spread. */
  spreading: Spreading | null
}

/** Computes only the score, for the pass over all nodes. */
export function scoreOf({ request, policy, locality, spreading }: ScoreContext, node: FleetNode): number {
  const { placementRules } = request
  const shares = sharesOf(placementRules)
  const { weights } = policy
  let score =
    (weights.resources / shares.whole) * resourcesValue(request, policy, node) +
    (weights.load / shares.whole) * loadValue(node) +
    (weights.locality / shares.whole) * locality(node).value
  if (!placementRules) return score
  const values = preferenceValues(placementRules, node, spreading)
  for (const name of preferenceNames)
    if (shares[name] > 0) score += (shares[name] / shares.whole) * (values[name] / shares[name])
  return score
}

const part = (name: ScorePart['name'], weight: number, value: number): ScorePart => ({
  name,
  weight,
  value,
  contribution: weight * value,
})

/** Returns the parts of a score, for the record. The score is the sum of their contributions, from left to right. */
export function partsOf({ request, policy, locality, spreading }: ScoreContext, node: FleetNode): ScorePart[] {
  const { placementRules } = request
  const shares = sharesOf(placementRules)
  const { weights } = policy
  const parts = [
    part('resources', weights.resources / shares.whole, resourcesValue(request, policy, node)),
    part('load', weights.load / shares.whole, loadValue(node)),
    part('locality', weights.locality / shares.whole, locality(node).value),
  ]
  if (!placementRules) return parts
  const values = preferenceValues(placementRules, node, spreading)
  for (const name of preferenceNames)
    if (shares[name] > 0) parts.push(part(name, shares[name] / shares.whole, values[name] / shares[name]))
  return parts
}

/** Returns the inputs of a score; they are recorded for refused nodes, too. */
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

/** Returns notes, as sentences, about inputs that are unknown. */
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

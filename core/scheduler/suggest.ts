/** Finds the smallest single changes that would make a refused request fit. Each is verified by a run of the core. */

import { affinityText, constraintText } from '@/core/placement/preferences'
import {
  amountText,
  bareAmountText,
  limits,
  millisOfCores,
  type ResourceKind,
  resourceFields,
} from '@/core/placement/resources'
import {
  type Fleet,
  type FleetNode,
  type PlacementRequest,
  type Policy,
  type Suggestion,
  suggestionKinds,
} from '@/core/placement/types'
import { capacityOn, meetsAllBut } from './filters/filters'
import type { HardRuleName } from './filters/rule'
import { compareNames } from './select/candidates'
import { choose } from './select/choose'
import { capacityFor, limitOf, SpreadCapacity } from './select/spread-capacity'

/** Step sizes and minimums for smaller requests, in the unit of the resource. */
export const resourceSteps: Record<ResourceKind, { step: number; least: number }> = {
  cpu: { step: 100, least: millisOfCores(limits.cpu.min) },
  memory: { step: 64, least: limits.memory.min },
  storage: { step: 1, least: limits.storage.min },
  gpu: { step: 1, least: limits.gpu.min },
}

interface Refused {
  request: PlacementRequest
  fleet: Fleet
  policy: Policy
  /** How many replicas fit without any change. */
  found: number
}

/** A suggestion with its size: the share of the request or of the fleet that it changes. */
interface Idea {
  suggestion: Suggestion
  request: PlacementRequest
  fleet: Fleet
  size: number
}

/** Binary search: the largest value in 0..last for which the monotonic `fits` holds; -1 when it holds for none. */
function largest(last: number, fits: (value: number) => boolean): number {
  let low = -1
  let high = last
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (fits(middle)) low = middle
    else high = middle - 1
  }
  return low
}

/** The nodes whose verdict a change of one rule can affect; all nodes when a spread has a `maxSkew`. */
const invalidated = (rule: HardRuleName, { request, fleet }: Refused): FleetNode[] =>
  limitOf(request) ? fleet.nodes : fleet.nodes.filter((node) => meetsAllBut(rule, request, node))

const replicaCount = (count: number): string => `${count} ${count === 1 ? 'replica' : 'replicas'}`

function fewerReplicas({ request, fleet, found }: Refused): Idea[] {
  if (found < 1) return []
  // A deployment that already has replicas is being scaled, so the message speaks of additional replicas.
  const more = fleet.nodes.some((node) => node.ownReplicas > 0)
  const message = more
    ? `Add ${replicaCount(found)} instead of ${request.replicas}`
    : `Ask for ${replicaCount(found)} instead of ${request.replicas}`
  const suggestion: Suggestion = { kind: 'replicas', message, from: request.replicas, to: found, nodeIds: [] }
  const size = (request.replicas - found) / request.replicas
  return [{ suggestion, request: { ...request, replicas: found }, fleet, size }]
}

function lessOf(kind: ResourceKind, refused: Refused): Idea[] {
  const { request, fleet } = refused
  const from = request.resources[resourceFields[kind]]
  const { step, least } = resourceSteps[kind]
  // Steps count from the minimum; the last one stays below the requested amount.
  const last = Math.ceil((from - least) / step) - 1
  const nodes = invalidated(kind, refused)
  const asking = (steps: number): PlacementRequest => ({
    ...request,
    resources: { ...request.resources, [resourceFields[kind]]: least + steps * step },
  })
  const steps = largest(last, (value) => capacityFor(asking(value), nodes) >= request.replicas)
  if (steps < 0) return []
  const to = least + steps * step
  const message = `Ask for ${amountText(kind, to)} instead of ${bareAmountText(kind, from)}`
  const suggestion: Suggestion = { kind, message, from, to, nodeIds: [] }
  return [{ suggestion, request: asking(steps), fleet, size: (from - to) / from }]
}

const shownNames = 5

/** "node-01", "node-01 and node-02", "7 nodes: node-01, … and 2 more" */
function namesText(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' and ')
  if (names.length <= shownNames) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return `${names.length} nodes: ${names.slice(0, shownNames).join(', ')} and ${names.length - shownNames} more`
}

/** Nodes that can take replicas once this flag alone is cleared; most capacity first, then by name. */
const heldByFlag = (
  flag: 'cordoned' | 'draining',
  { request, fleet }: Refused,
): { node: FleetNode; capacity: number }[] =>
  fleet.nodes
    .filter((node) => node[flag] && meetsAllBut(flag, request, node))
    .map((node) => ({ node, capacity: capacityOn(request, { ...node, [flag]: false }) }))
    .sort((a, b) => b.capacity - a.capacity || compareNames(a.node, b.node))

/** Finds the fewest nodes on which to clear the flag; with a `maxSkew`, only single nodes are tried. */
function fewestToLift(flag: 'cordoned' | 'draining', refused: Refused): FleetNode[] | null {
  const { request, fleet, found } = refused
  const helpful = heldByFlag(flag, refused)
  const limit = limitOf(request)
  if (limit) {
    const rooms = new SpreadCapacity(request, limit, fleet.nodes)
    const one = helpful.find(({ node }) => rooms.totalWith({ ...node, [flag]: false }) >= request.replicas)
    return one ? [one.node] : null
  }
  const lifted: FleetNode[] = []
  let capacity = found
  for (const one of helpful) {
    if (capacity >= request.replicas) break
    lifted.push(one.node)
    capacity += one.capacity
  }
  return capacity < request.replicas ? null : lifted
}

function backInService(kind: 'uncordon' | 'undrain', refused: Refused): Idea[] {
  const { request, fleet } = refused
  const flag = kind === 'uncordon' ? 'cordoned' : 'draining'
  const changed = fewestToLift(flag, refused)
  if (!changed) return []
  const nodeIds = [...changed].sort(compareNames).map((node) => node.nodeId)
  const message = `${kind === 'uncordon' ? 'Uncordon' : 'Stop draining'} ${namesText(nodeIds)}`
  const nodes = fleet.nodes.map((node) => (changed.includes(node) ? { ...node, [flag]: false } : node))
  const suggestion: Suggestion = { kind, message, from: null, to: null, nodeIds }
  return [{ suggestion, request, fleet: { ...fleet, nodes }, size: changed.length / fleet.nodes.length }]
}

function morePerNode(refused: Refused): Idea[] {
  const { request, fleet } = refused
  const from = request.maxPerNode
  const nodes = invalidated('one-per-node', refused)
  const allowing = (maxPerNode: number): PlacementRequest => ({ ...request, maxPerNode })
  // Capacity never falls as the limit rises, so the smallest limit that fits follows the largest that does not.
  const most = limits.replicas.max
  const short = largest(most - from - 1, (more) => capacityFor(allowing(from + 1 + more), nodes) < request.replicas)
  const to = from + 2 + short
  if (to > most) return []
  const message = `Allow ${replicaCount(to)} per node instead of ${from}`
  const suggestion: Suggestion = { kind: 'max-per-node', message, from, to, nodeIds: [] }
  return [{ suggestion, request: allowing(to), fleet, size: (to - from) / to }]
}

/** How many ports above the requested one are tried. */
const nearbyPorts = 20
const highestPort = 65_535

/** Returns the request with these fixed host ports instead, or without any. */
function withHostPorts({ hostPorts: _, ...request }: PlacementRequest, ports: number[]): PlacementRequest {
  return ports.length === 0 ? request : { ...request, hostPorts: ports.sort((a, b) => a - b) }
}

function otherHostPorts(refused: Refused): Idea[] {
  const { request, fleet } = refused
  const asked = request.hostPorts ?? []
  if (asked.length === 0) return []
  const nodes = invalidated('host-ports', refused)
  const idea = (suggestion: Omit<Suggestion, 'kind' | 'nodeIds'>, ports: number[], size: number): Idea => ({
    suggestion: { kind: 'host-ports', nodeIds: [], ...suggestion },
    request: withHostPorts(request, ports),
    fleet,
    size,
  })
  const each = asked.flatMap((from): Idea[] => {
    const others = asked.filter((port) => port !== from)
    const fits = (ports: number[]): boolean => capacityFor(withHostPorts(request, ports), nodes) >= request.replicas
    if (!fits(others)) return []
    const nearby = Array.from({ length: Math.min(nearbyPorts, highestPort - from) }, (_, more) => from + 1 + more)
    const to = nearby.find((port) => !others.includes(port) && fits([...others, port]))
    const random = { message: `Let the engine pick a free host port instead of ${from}`, from, to: null }
    const ideas = [idea(random, others, 1 / asked.length)]
    if (to === undefined) return ideas
    return [
      idea({ message: `Use host port ${to} instead of ${from}`, from, to }, [...others, to], 0.5 / asked.length),
      ...ideas,
    ]
  })
  if (each.length > 0 || asked.length === 1) return each
  return [idea({ message: 'Let the engine pick all host ports', from: null, to: null }, [], 1)]
}

function droppedRules({ request, fleet }: Refused): Idea[] {
  return request.constraints.map((dropped, index) => {
    const constraints = request.constraints.filter((_, other) => other !== index)
    const message = `Drop the rule “${constraintText(dropped)}”`
    const suggestion: Suggestion = { kind: 'labels', message, from: null, to: null, nodeIds: [] }
    return { suggestion, request: { ...request, constraints }, fleet, size: 1 / request.constraints.length }
  })
}

function furtherApart({ request, fleet }: Refused): Idea[] {
  const limit = limitOf(request)
  if (!limit || !request.placementRules) return []
  const { placementRules } = request
  const from = limit.maxSkew
  const allowing = (maxSkew: number | null): PlacementRequest => ({
    ...request,
    placementRules: {
      ...placementRules,
      spread: placementRules.spread.map((one) => (one === limit ? { ...one, maxSkew } : one)),
    },
  })
  // A limit above the maximum number of replicas never applies.
  const most = limits.replicas.max
  const short = largest(
    most - from - 1,
    (more) => capacityFor(allowing(from + 1 + more), fleet.nodes) < request.replicas,
  )
  const next = from + 2 + short
  const to = next > most ? null : next
  const message =
    to === null
      ? `Make the spread across ${limit.across}s a preference only`
      : `Let the ${limit.across}s be ${to} apart instead of ${from}`
  const suggestion: Suggestion = { kind: 'max-skew', message, from, to, nodeIds: [] }
  return [{ suggestion, request: allowing(to), fleet, size: to === null ? 1 : (to - from) / to }]
}

function droppedAffinities({ request, fleet }: Refused): Idea[] {
  const { placementRules } = request
  if (!placementRules) return []
  const required = placementRules.affinity.filter((one) => one.required)
  return required.map((dropped) => {
    const affinity = placementRules.affinity.filter((one) => one !== dropped)
    const message = `Drop the rule “${affinityText(dropped)}”`
    const suggestion: Suggestion = { kind: 'affinity', message, from: null, to: null, nodeIds: [] }
    return {
      suggestion,
      request: { ...request, placementRules: { ...placementRules, affinity } },
      fleet,
      size: 1 / required.length,
    }
  })
}

/**
 * Returns every single change that makes the request fit, smallest first. The size is the share of the requested
 * amount, of the nodes or of the rules that changes; ties are in the order of `suggestionKinds`.
 */
export function suggest(refused: Refused): Suggestion[] {
  const ideas = [
    ...fewerReplicas(refused),
    ...lessOf('cpu', refused),
    ...lessOf('memory', refused),
    ...lessOf('storage', refused),
    ...lessOf('gpu', refused),
    ...backInService('uncordon', refused),
    ...backInService('undrain', refused),
    ...morePerNode(refused),
    ...otherHostPorts(refused),
    ...droppedRules(refused),
    ...furtherApart(refused),
    ...droppedAffinities(refused),
  ]
  const order = (idea: Idea): number => suggestionKinds.indexOf(idea.suggestion.kind)
  return ideas
    .filter(({ request, fleet }) => choose(request, fleet, refused.policy).chosen.length === request.replicas)
    .sort((a, b) => a.size - b.size || order(a) - order(b))
    .map((idea) => idea.suggestion)
}

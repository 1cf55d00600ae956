/** The rules that a node must meet. Each can check a node cheaply and explain its result. */

import type { Constraint } from '@/core/placement/constraint'
import { schedulableNodeStatuses } from '@/core/placement/node-status'
import { constraintText } from '@/core/placement/preferences'
import {
  amountText,
  bareAmountText,
  type ResourceKind,
  resourceFields,
  resourceKinds,
} from '@/core/placement/resources'
import type { FleetNode, PlacementRequest, RuleFailure, RuleResult } from '@/core/placement/types'
import { affinityRules } from './affinity'
import { hostPorts, withPortsOf } from './host-ports'
import { type HardRuleName, type Rule, yesNo, yesNoRule } from './rule'
import { labelOf } from './topology'

/** Capacity less reservations. Negative when a node shrank below its reservations. */
const freeOf = (node: FleetNode, kind: ResourceKind): number =>
  node.capacity[resourceFields[kind]] - node.reserved[resourceFields[kind]]

/** "0.5 are free of 4" */
function freeText(kind: ResourceKind, free: number, capacity: number): string {
  if (capacity === 0) return 'it has none'
  const verb = kind === 'gpu' && free === 1 ? 'is' : 'are'
  return `${bareAmountText(kind, Math.max(0, free))} ${verb} free of ${bareAmountText(kind, capacity)}`
}

function resourceRule(kind: ResourceKind): Rule {
  const field = resourceFields[kind]
  const meets: Rule['meets'] = (request, node) => {
    const needed = request.resources[field]
    // A resource that is not requested cannot be short, not even on a node with more reserved than it has.
    return needed <= 0 || needed <= node.capacity[field] - node.reserved[field]
  }
  return {
    name: kind,
    asks: (request) => request.resources[field] > 0,
    meets,
    explain: (request, node) => {
      const passed = meets(request, node)
      const needed = request.resources[field]
      const available = freeOf(node, kind)
      const message = `needs ${amountText(kind, needed)}, ${freeText(kind, available, node.capacity[field])}`
      return [{ rule: kind, passed, message, needed, available, shortfall: passed ? null : needed - available }]
    },
  }
}

/** A node without the label meets `!=`: it certainly has another value. */
export function constraintMet(constraint: Constraint, node: FleetNode): boolean {
  const value = labelOf(node, constraint.key)
  switch (constraint.op) {
    case '=':
      return value !== null && value === constraint.values[0]
    case '!=':
      return value === null || value !== constraint.values[0]
    case 'in':
      return value !== null && constraint.values.includes(value)
    case 'exists':
      return value !== null
  }
}

function constraintMessage(constraint: Constraint, node: FleetNode): string {
  const { key, op, values } = constraint
  const value = labelOf(node, key)
  if (constraintMet(constraint, node)) return value === null ? `has no label ${key}` : `label ${key} is ${value}`
  if (value === null)
    return op === 'exists' ? `has no label ${key}` : `has no label ${key}, needs ${constraintText(constraint)}`
  if (op === '!=') return `label ${key} is ${value}, which is ruled out`
  const list = values.join(', ')
  return `label ${key} is ${value}, needs ${op === 'in' && values.length !== 1 ? `one of ${list || 'nothing'}` : list}`
}

const labels: Rule = {
  name: 'labels',
  asks: (request) => request.constraints.length > 0,
  meets: (request, node) => request.constraints.every((constraint) => constraintMet(constraint, node)),
  explain: (request, node) =>
    request.constraints.map((constraint) =>
      yesNo('labels', constraintMet(constraint, node), constraintMessage(constraint, node)),
    ),
}

const onePerNode: Rule = {
  name: 'one-per-node',
  meets: (request, node) => node.ownReplicas < request.maxPerNode,
  explain: (request, node) => {
    const passed = onePerNode.meets(request, node)
    const own = node.ownReplicas
    const holds =
      own === 0 && passed ? 'holds no replica' : `already holds ${own} ${own === 1 ? 'replica' : 'replicas'}`
    const message = `${holds} of this deployment, at most ${request.maxPerNode} per node ${request.maxPerNode === 1 ? 'is' : 'are'} allowed`
    const available = request.maxPerNode - own
    return [{ rule: 'one-per-node', passed, message, needed: 1, available, shortfall: passed ? null : 1 - available }]
  },
}

const sinceHeartbeat = (ageMs: number | null): string =>
  ageMs === null ? 'it never sent a heartbeat' : `its last heartbeat came ${Math.round(ageMs / 1000)} s ago`

/** Rules about the node alone, whatever the request: whether it takes replicas at all. */
const serviceRules: readonly Rule[] = [
  yesNoRule({
    name: 'status',
    meets: (_, node) => schedulableNodeStatuses.includes(node.status),
    met: (node) => `is ${node.status}`,
    unmet: (node) => {
      if (node.status === 'offline') return `is offline: ${sinceHeartbeat(node.heartbeatAgeMs)}`
      return node.status === 'maintenance' ? 'is in maintenance' : `is ${node.status} and takes no new replicas`
    },
  }),
  yesNoRule({
    name: 'engine',
    meets: (_, node) => node.engineError === null,
    met: () => 'it can run containers',
    unmet: (node) => `it can not run containers: ${node.engineError}`,
  }),
  yesNoRule({
    name: 'cordoned',
    meets: (_, node) => !node.cordoned,
    met: () => 'is not cordoned',
    unmet: () => 'is cordoned: it takes no new replicas until somebody uncordons it',
  }),
  yesNoRule({
    name: 'draining',
    meets: (_, node) => !node.draining,
    met: () => 'is not draining',
    unmet: () => 'is draining: its replicas are moving to other nodes',
  }),
]

/** All rules, in the order in which failures are shown. */
export const rules: readonly Rule[] = [
  ...serviceRules,
  ...resourceKinds.map(resourceRule),
  labels,
  onePerNode,
  hostPorts,
  ...affinityRules,
]

/** The rules that apply to each request; cached because every node is checked against them. */
const askedRules = new WeakMap<PlacementRequest, readonly Rule[]>()

function rulesOf(request: PlacementRequest): readonly Rule[] {
  const known = askedRules.get(request)
  if (known) return known
  const asked = rules.filter((rule) => rule.asks?.(request) ?? true)
  askedRules.set(request, asked)
  return asked
}

export const meetsAll = (request: PlacementRequest, node: FleetNode): boolean => {
  for (const rule of rulesOf(request)) if (!rule.meets(request, node)) return false
  return true
}

/** Whether the node meets every rule except the named one, which is not checked. */
export const meetsAllBut = (skipped: HardRuleName, request: PlacementRequest, node: FleetNode): boolean => {
  for (const rule of rules) if (rule.name !== skipped && !rule.meets(request, node)) return false
  return true
}

/** Converts a failed result to the form that verdicts keep. */
export const failureOf = ({ rule, message, needed, available, shortfall }: RuleResult): RuleFailure => ({
  rule,
  message,
  needed,
  available,
  shortfall,
})

/** Returns every failure of every rule, not only the first. */
export const failuresOf = (request: PlacementRequest, node: FleetNode): RuleFailure[] => {
  const failures: RuleFailure[] = []
  for (const rule of rules) {
    if (rule.meets(request, node)) continue
    for (const result of rule.explain(request, node)) if (!result.passed) failures.push(failureOf(result))
  }
  return failures
}

/** Returns only the names of the failed rules, for counting. */
export const failedRulesOf = (request: PlacementRequest, node: FleetNode): HardRuleName[] => {
  const failed: HardRuleName[] = []
  for (const rule of rules) if (!rule.meets(request, node)) failed.push(rule.name)
  return failed
}

/** Returns what every rule compared, met or not. */
export const resultsOf = (request: PlacementRequest, node: FleetNode): RuleResult[] =>
  rules.flatMap((rule) => rule.explain(request, node))

/** Whether the node's topology domain counts for spreading: the node is in service and meets the label constraints. */
export const offersPlace = (request: PlacementRequest, node: FleetNode): boolean =>
  node.status !== 'offline' &&
  node.status !== 'maintenance' &&
  node.engineError === null &&
  !node.cordoned &&
  !node.draining &&
  labels.meets(request, node)

/** Returns how many replicas of the request the node can take; 0 when it fails a rule. */
export function capacityOn(request: PlacementRequest, node: FleetNode): number {
  if (!meetsAll(request, node)) return 0
  // A fixed host port can be held once per node, however many replicas the deployment allows there.
  if (request.hostPorts && request.hostPorts.length > 0) return 1
  let capacity = request.maxPerNode - node.ownReplicas
  // The usual case: the rules have already checked that one replica fits.
  if (capacity === 1) return 1
  for (const kind of resourceKinds) {
    const needed = request.resources[resourceFields[kind]]
    if (needed > 0) capacity = Math.min(capacity, Math.floor(freeOf(node, kind) / needed))
  }
  return capacity
}

/** Returns the node with one more replica of the request: its resources are reserved and count as load. */
export const withReplica = (request: PlacementRequest, node: FleetNode): FleetNode => ({
  ...withPortsOf(request, node),
  reserved: {
    cpuMillis: node.reserved.cpuMillis + request.resources.cpuMillis,
    memoryMb: node.reserved.memoryMb + request.resources.memoryMb,
    storageGb: node.reserved.storageGb + request.resources.storageGb,
    gpuUnits: node.reserved.gpuUnits + request.resources.gpuUnits,
  },
  unseen: {
    cpuMillis: node.unseen.cpuMillis + request.resources.cpuMillis,
    memoryMb: node.unseen.memoryMb + request.resources.memoryMb,
  },
  ownReplicas: node.ownReplicas + 1,
})

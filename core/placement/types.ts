import type { Constraint } from '@/core/placement/constraint'
import type { TakenPort } from './host-ports'
import type { NodeStatus } from './node-status'
import type { Wishes } from './preferences'
import { type Resources, resourceKinds } from './resources'

/** What is asked of the scheduler in one run. */
export interface PlacementRequest {
  deploymentId: string
  /** How many replicas to place now, 1 or more. */
  replicas: number
  resources: Resources
  region: string | null
  constraints: Constraint[]
  maxPerNode: number
  /** UUIDs of nodes that the replicas should keep off while others can take them (an attempt failed there). */
  avoidNodeIds: string[]
  /** Fixed host ports, each once, ascending. Absent when there are none, also in records from before placement knew of them. */
  hostPorts?: number[]
  /** The replica that stops first so that this one can take its place on the same node; absent when none does. */
  handover?: Handover
  /** Absent when there are none, also in the records of decisions that were made before there were any. */
  wishes?: Wishes
}

/** What of the reservation of a replica that stops first passes over to the one that replaces it on its node. */
export interface Handover {
  /** UUID of the node */
  nodeId: string
  /** At most what is asked for. */
  resources: Resources
  /** Of those asked for. */
  hostPorts: number[]
}

/** A node as the scheduler sees it. Immutable; everything that a verdict depends on is in it. */
export interface FleetNode {
  /** UUID */
  id: string
  /** The human name; ties go to the smaller one. */
  nodeId: string
  nodeType: string
  region: string
  status: NodeStatus
  cordoned: boolean
  draining: boolean
  simulated: boolean
  labels: Record<string, string>
  latitude: number | null
  longitude: number | null
  /** Why the node can not run containers, in the words of its engine or its agent; null when it can. */
  engineError: string | null
  capacity: Resources
  reserved: Resources
  /** Percent 0..100, or null when it was never reported or is older than the heartbeat limit. */
  cpuUsagePercent: number | null
  memoryUsagePercent: number | null
  /** Milliseconds since the last heartbeat when the snapshot was taken; null when there was none. */
  heartbeatAgeMs: number | null
  /** Placed a moment ago, not yet part of the reported usage: counted as load. */
  unseen: Pick<Resources, 'cpuMillis' | 'memoryMb'>
  /** Replicas of the requested deployment that hold a reservation here. */
  ownReplicas: number
  /** Host ports that are not free; absent when all are. */
  takenPorts?: TakenPort[]
}

/** Round-trip latency between two regions, as somebody measured it. */
export interface MeasuredLatency {
  fromRegion: string
  toRegion: string
  latencyMs: number
}

/** The fleet at one moment. */
export interface Fleet {
  nodes: FleetNode[]
  latencies: MeasuredLatency[]
}

/** How nodes are scored. */
export interface Policy {
  name: string
  /** Of the three parts of a score; they add up to 1. */
  weights: { resources: number; load: number; locality: number }
  /** Fill nodes one after the other: the resources part is then 1 less the share that stays free. */
  packing?: boolean
}

/** The ready-made policies, by name: spread out, pack together, or stay near. */
export const policyProfiles = {
  spread: { name: 'spread', weights: { resources: 0.4, load: 0.3, locality: 0.3 } },
  pack: { name: 'pack', weights: { resources: 0.7, load: 0.1, locality: 0.2 }, packing: true },
  near: { name: 'near', weights: { resources: 0.15, load: 0.15, locality: 0.7 } },
} as const satisfies Record<string, Policy>
export type PolicyProfile = keyof typeof policyProfiles
export const policyProfileNames = Object.keys(policyProfiles) as PolicyProfile[]

export const defaultPolicy: Policy = policyProfiles.spread

/** "near", or "custom: 0.50 resources, 0.30 load, 0.20 locality, packing" */
export function policyText({ name, weights, packing }: Policy): string {
  if (Object.hasOwn(policyProfiles, name)) return name
  const { resources, load, locality } = weights
  const parts = [
    `${resources.toFixed(2)} resources`,
    `${load.toFixed(2)} load`,
    `${locality.toFixed(2)} locality`,
    ...(packing ? ['packing'] : []),
  ]
  return `${name}: ${parts.join(', ')}`
}

/** A policy as calls give it: by name, or own weights. */
type GivenPolicy = PolicyProfile | { weights: Policy['weights']; packing?: boolean | undefined }

export function policyOf(given: GivenPolicy): Policy {
  if (typeof given === 'string') return policyProfiles[given]
  const { weights, packing } = given
  return packing ? { name: 'custom', weights, packing } : { name: 'custom', weights }
}

/** Why these weights can't be, as a sentence; null when they can. */
export function weightsProblem({ resources, load, locality }: Policy['weights']): string | null {
  const weights = [resources, load, locality]
  if (weights.some((weight) => !(weight >= 0 && weight <= 1))) return 'Each weight is between 0 and 1'
  const sum = resources + load + locality
  return Math.abs(sum - 1) > 1e-6 ? `The weights must add up to 1; these add up to ${Number(sum.toFixed(4))}` : null
}

export const ruleNames = [
  'status',
  'engine',
  'cordoned',
  'draining',
  ...resourceKinds,
  'labels',
  'one-per-node',
  'host-ports',
  'affinity',
  'anti-affinity',
  'spread',
  'avoided',
] as const
export type RuleName = (typeof ruleNames)[number]

/** One rule that a node did not meet. Numbers are in the rule's unit (millis, MiB, GiB, units); null for yes/no rules. */
export interface RuleFailure {
  rule: RuleName
  /** A human sentence: "needs 2 GiB of memory, 512 MiB are free of 4 GiB". */
  message: string
  needed: number | null
  available: number | null
  shortfall: number | null
}

/** What one rule said of one node, whether the node meets it or not. A rule with several causes has a result for each. */
export interface RuleResult extends RuleFailure {
  passed: boolean
}

/** Why the locality part is what it is. */
export interface LocalityFact {
  /** 0..1 */
  value: number
  latencyMs: number | null
  source: 'no region asked' | 'same region' | 'measured' | 'table' | 'coordinates' | 'unknown'
}

/** The first three are in every score, the others in those of requests with such wishes. */
export const scorePartNames = ['resources', 'load', 'locality', 'preferences', 'spread', 'affinity'] as const
export type ScorePartName = (typeof scorePartNames)[number]

/** One part of a score: weight × value = contribution. */
export interface ScorePart {
  name: ScorePartName
  weight: number
  /** 0..1 */
  value: number
  contribution: number
}

export interface ScoreInputs {
  freeCpuMillis: number
  freeMemoryMb: number
  capacityCpuMillis: number
  capacityMemoryMb: number
  /** With what was placed a moment ago counted in; null when the usage is unknown. */
  cpuUsagePercent: number | null
  memoryUsagePercent: number | null
  heartbeatAgeMs: number | null
  locality: LocalityFact
}

/**
 * The verdict for one node. Feasible nodes have a score, refused ones at least one failure. Where replicas are spread, a
 * node stands as it stood when the last replica was placed, and a chosen one as it stood when it was chosen first.
 */
export interface Verdict {
  id: string
  nodeId: string
  region: string
  simulated: boolean
  feasible: boolean
  failures: RuleFailure[]
  /** What else a reader should know, in sentences: "its CPU usage is unknown, so it counts as fully loaded". */
  notes: string[]
  /** 0..1 before any replica of this run was placed on it; null when refused. */
  score: number | null
  parts: ScorePart[]
  inputs: ScoreInputs
  /** 1 is best, among feasible nodes; null when refused. */
  rank: number | null
  /** How many replicas of this run it got. */
  chosen: number
}

export interface ChosenNode {
  id: string
  nodeId: string
  /** The score with which it was chosen (after the replicas placed before it in this run). */
  score: number
}

export const suggestionKinds = [
  'replicas',
  ...resourceKinds,
  'uncordon',
  'undrain',
  'max-per-node',
  'host-ports',
  'labels',
  'max-skew',
  'affinity',
] as const

/** One change that makes it fit on its own, verified by running the core again. */
export interface Suggestion {
  kind: (typeof suggestionKinds)[number]
  /** "Ask for 1.5 GiB of memory instead of 2 GiB" */
  message: string
  /** In the unit of the request's field (millis, MiB, GiB, units, replicas); null where no number changes. */
  from: number | null
  to: number | null
  /** Human names of the nodes to change, empty when the request changes. */
  nodeIds: string[]
}

export interface Refusal {
  needed: number
  /** How many replicas could be placed; equals the number of feasible nodes with one replica per node. */
  found: number
  /** `Insufficient nodes: need 10, found 2 with capacity` */
  message: string
  /** Refused nodes counted per rule, the most frequent first; `nodeIds` are human names. */
  reasons: { rule: RuleName; count: number; nodeIds: string[] }[]
  suggestions: Suggestion[]
  /** What would not help, in sentences, where somebody may think that it does. */
  notes: string[]
}

/** The result of one run. Either `chosen` has exactly `replicas` entries or `refusal` says why not. */
export interface Placement {
  chosen: ChosenNode[]
  refusal: Refusal | null
  /** Every node of the fleet, feasible ones first by rank, then refused ones by name. */
  verdicts: Verdict[]
}

import type { Constraint } from '@/core/placement/constraint'
import type { TakenPort } from './host-ports'
import type { NodeStatus } from './node-status'
import type { PlacementRules } from './preferences'
import { type Resources, resourceKinds } from './resources'

/** The request of one scheduling run. */
export interface PlacementRequest {
  deploymentId: string
  /** How many replicas to place now, 1 or more. */
  replicas: number
  resources: Resources
  region: string | null
  constraints: Constraint[]
  maxPerNode: number
  /** UUIDs of nodes to use only if the others cannot take all replicas (an attempt failed there). */
  avoidNodeIds: string[]
  /** Distinct fixed host ports, ascending; absent when there are none, also in old records. */
  hostPorts?: number[]
  /** What the replica that stops first hands over on the same node; absent when none does. */
  handover?: Handover
  /** Absent when there are none, also in old records. */
  placementRules?: PlacementRules
}

/** The part of a stopping replica's reservation that its replacement takes over on the same node. */
export interface Handover {
  /** UUID of the node */
  nodeId: string
  /** At most the requested amounts. */
  resources: Resources
  /** A subset of the requested ports. */
  hostPorts: number[]
}

/** A node as the scheduler sees it: immutable, with everything about the node that a verdict depends on. */
export interface FleetNode {
  /** UUID */
  id: string
  /** The name of the node; ties go to the smaller name. */
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
  /** The error of the engine or agent because of which the node cannot run containers; null when it can. */
  engineError: string | null
  capacity: Resources
  reserved: Resources
  /** Percent, 0..100; null when it was never reported or is older than the heartbeat limit. */
  cpuUsagePercent: number | null
  memoryUsagePercent: number | null
  /** Milliseconds since the last heartbeat when the snapshot was taken; null when there was none. */
  heartbeatAgeMs: number | null
  /** Requests of replicas that the reported usage does not include yet; they count as load. */
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
  /** Weights of the three parts of a score; they add up to 1. */
  weights: { resources: number; load: number; locality: number }
  /** Bin-packing, fuller nodes first: the resources part is 1 minus the share that stays free. */
  packing?: boolean
}

/** The built-in policies by name. */
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

/** A policy as given in an API call: by name or with custom weights. */
type GivenPolicy = PolicyProfile | { weights: Policy['weights']; packing?: boolean | undefined }

export function policyOf(given: GivenPolicy): Policy {
  if (typeof given === 'string') return policyProfiles[given]
  const { weights, packing } = given
  return packing ? { name: 'custom', weights, packing } : { name: 'custom', weights }
}

/** Returns why these weights are invalid, as a sentence; null when they are valid. */
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

/** The result of one rule for one node, met or not. A rule with several causes has one result for each. */
export interface RuleResult extends RuleFailure {
  passed: boolean
}

/** The value of the locality part and its source. */
export interface LocalityFact {
  /** 0..1 */
  value: number
  latencyMs: number | null
  source: 'no region asked' | 'same region' | 'measured' | 'table' | 'coordinates' | 'unknown'
}

/** The first three are in every score, the others only if the request has such preferences. */
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
  /** Includes `unseen`; null when the usage is unknown. */
  cpuUsagePercent: number | null
  memoryUsagePercent: number | null
  heartbeatAgeMs: number | null
  locality: LocalityFact
}

/**
 * The verdict for one node. Feasible nodes have a score, refused ones at least one failure. With a spread, a verdict
 * shows the state when the last replica was placed, and that of a chosen node the state when it was first chosen.
 */
export interface Verdict {
  id: string
  nodeId: string
  region: string
  simulated: boolean
  feasible: boolean
  failures: RuleFailure[]
  /** Notes for the reader, as sentences: "its CPU usage is unknown, so it counts as fully loaded". */
  notes: string[]
  /** 0..1 before any replica of this run was placed on it; null when refused. */
  score: number | null
  parts: ScorePart[]
  inputs: ScoreInputs
  /** 1 is best, among feasible nodes; null when refused. */
  rank: number | null
  /** Number of replicas of this run on the node. */
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

/** One change that alone makes the request fit, verified by another run of the core. */
export interface Suggestion {
  kind: (typeof suggestionKinds)[number]
  /** "Ask for 1.5 GiB of memory instead of 2 GiB" */
  message: string
  /** In the unit of the request's field (millis, MiB, GiB, units, replicas); null where no number changes. */
  from: number | null
  to: number | null
  /** Names of the nodes to change; empty when the request changes. */
  nodeIds: string[]
}

export interface Refusal {
  needed: number
  /** How many replicas could be placed; equals the number of feasible nodes with one replica per node. */
  found: number
  /** `Insufficient nodes: need 10, found 2 with capacity` */
  message: string
  /** Refused nodes counted per rule, most frequent first; `nodeIds` are names. */
  reasons: { rule: RuleName; count: number; nodeIds: string[] }[]
  suggestions: Suggestion[]
  /** Changes that would not help although they may seem to, as sentences. */
  notes: string[]
}

/** The result of one run. Either `chosen` has exactly `replicas` entries or `refusal` says why not. */
export interface Placement {
  chosen: ChosenNode[]
  refusal: Refusal | null
  /** Every node of the fleet, feasible ones first by rank, then refused ones by name. */
  verdicts: Verdict[]
}

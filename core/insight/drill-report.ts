/** What a failure drill tells. Times are ISO 8601 strings; ids are UUIDs. */

import type { OutageCause } from '@/core/nodes/outage-protection'
import type { Resources } from '@/core/placement/resources'
import type { Refusal } from '@/core/placement/types'

export const drillModes = ['fail', 'drain'] as const
export type DrillMode = (typeof drillModes)[number]

/**
 * `keeps`: nothing of it is on the nodes. `moves`: all that is there has a place elsewhere. `no-room`: the scheduler
 * refuses. `never`: it is not to be replaced. `held`: somebody has to act first. `braked`: the storm brake holds it.
 */
export const drillOutcomes = ['keeps', 'moves', 'no-room', 'never', 'held', 'braked'] as const
export type DrillOutcome = (typeof drillOutcomes)[number]

/** Which deployments to list. */
export const drillFilters = ['affected', 'down', 'no-room', 'stays', 'moves', 'keeps'] as const
export type DrillFilter = (typeof drillFilters)[number]

/** While the storm brake holds, and once somebody has overruled it; they differ only where there is a brake. */
export const drillStages = ['overruled', 'held'] as const
export type DrillStage = (typeof drillStages)[number]

/** How much is picked at once: for more nodes there are regions and zones. */
export const drillLimits = { nodes: 50, places: 20 } as const

export interface DrillReplica {
  replicaId: string
  slot: number
  from: { id: string; nodeId: string }
  /** Null when it has no place. `score` is null when its replacement is on its way already. */
  to: { id: string; nodeId: string; score: number | null } | null
}

/** How many replicas of a deployment run. */
interface DrillRunning {
  wanted: number
  now: number
  /** Until replacements run. */
  meanwhile: number
  after: number
}

export interface DrillRow {
  id: string
  name: string
  outcome: DrillOutcome
  running: DrillRunning
  /** How many of its replicas are on the nodes; `replicas` are the first of them. */
  hit: number
  replicas: DrillReplica[]
  /** It waits for capacity already. */
  waits: boolean
  /** Why not everything moves, as a sentence. */
  problem: string | null
  /** Of `no-room`: how it goes on, as a sentence. */
  next: string | null
  /** Of `no-room`: the first ones are explained, the others on demand. */
  refusal: Refusal | null
}

/** Deployments counted by what becomes of them. */
export interface DrillCounts {
  byOutcome: Record<DrillOutcome, number>
  /** Nothing of them runs until it is replaced. */
  down: number
  /** Some of their replicas don't run until they are replaced. */
  fewer: number
  /** Replicas on the nodes, and how many of them have a place elsewhere. */
  replicas: number
  placed: number
}

/** What of a region takes part: nodes that are heard. */
export interface DrillCapacity {
  region: string
  before: { nodes: number; capacity: Resources; reserved: Resources }
  after: { nodes: number; capacity: Resources; reserved: Resources }
}

export interface DrillProtection {
  region: string
  cause: OutageCause
  silent: number
  nodes: number
}

export interface DrillReport {
  takenAt: string
  mode: DrillMode
  /** What was picked: nodes by name, and whole regions and zones. */
  picked: { nodes: string[]; regions: string[]; zones: string[] }
  /** All that fail or are drained. */
  nodes: number
  /** Regions that the storm brake would hold. */
  protections: DrillProtection[]
  /** Once everything has come to rest; with a brake, after somebody has overruled it. */
  counts: DrillCounts
  /** While the brake holds; null when it would not. */
  heldCounts: DrillCounts | null
  /** Deployments that wait for capacity already, wherever their replicas are. */
  waiting: number
  capacity: DrillCapacity[]
  /** How many deployments are to be listed in all; `rows` is one page of them, the worst first. */
  total: number
  rows: DrillRow[]
}

/** A region or a node, and what would be if it failed alone (with a brake, after somebody has overruled it). */
export interface WeakPoint {
  kind: 'region' | 'node'
  name: string
  nodes: number
  counts: DrillCounts
  braked: boolean
}

export interface WeakPoints {
  takenAt: string
  /** The worst first. */
  points: WeakPoint[]
  /** Of how many regions and nodes these are the worst; of nodes only the likeliest are tried. */
  regions: number
  nodes: number
}

/** What can be picked beside nodes, each with how many nodes it has. */
export interface DrillPlaces {
  regions: { name: string; nodes: number }[]
  /** “region/zone” */
  zones: { name: string; nodes: number }[]
}

/** The report of a failure drill. Times are ISO 8601 strings; ids are UUIDs. */

import type { OutageCause } from '@/core/nodes/outage-protection'
import type { Resources } from '@/core/placement/resources'
import type { Refusal } from '@/core/placement/types'

export const drillModes = ['fail', 'drain'] as const
export type DrillMode = (typeof drillModes)[number]

/**
 * `keeps`: no replica is on the nodes. `moves`: every replica there gets another node. `no-room`: the scheduler
 * refuses. `never`: its replicas are never replaced. `held`: somebody has to act first. `guarded`: outage protection
 * applies.
 */
export const drillOutcomes = ['keeps', 'moves', 'no-room', 'never', 'held', 'guarded'] as const
export type DrillOutcome = (typeof drillOutcomes)[number]

/** Which deployments to list. */
export const drillFilters = ['affected', 'down', 'no-room', 'stays', 'moves', 'keeps'] as const
export type DrillFilter = (typeof drillFilters)[number]

/** While outage protection is active, and after somebody has overridden it; without protection both are the same. */
export const drillStages = ['overridden', 'held'] as const
export type DrillStage = (typeof drillStages)[number]

/** How many nodes, or regions and zones, can be picked at once. */
export const drillLimits = { nodes: 50, places: 20 } as const

export interface DrillReplica {
  replicaId: string
  slot: number
  from: { id: string; nodeId: string }
  /** Null when no node was found. `score` is null when the replacement existed before the drill. */
  to: { id: string; nodeId: string; score: number | null } | null
}

/** How many replicas of a deployment run. */
interface DrillRunning {
  wanted: number
  now: number
  /** Number of running replicas until the replacements run. */
  meanwhile: number
  after: number
}

export interface DrillRow {
  id: string
  name: string
  outcome: DrillOutcome
  running: DrillRunning
  /** Number of its replicas on the nodes; `replicas` lists the first of them. */
  hit: number
  replicas: DrillReplica[]
  /** Whether it already waits for capacity. */
  waits: boolean
  /** Why not all replicas move, as a sentence; null when they do. */
  problem: string | null
  /** For `no-room`: what happens next, as a sentence. */
  next: string | null
  /** For `no-room`: the first deployments are explained here, the others on demand. */
  refusal: Refusal | null
}

/** Number of deployments by outcome. */
export interface DrillCounts {
  byOutcome: Record<DrillOutcome, number>
  /** Deployments without any running replica until replacements run. */
  down: number
  /** Deployments with fewer running replicas until replacements run. */
  fewer: number
  /** Number of replicas on the nodes; `placed` counts those that get another node. */
  replicas: number
  placed: number
}

/** The capacity of the online nodes of a region. */
export interface DrillCapacity {
  region: string
  before: { nodes: number; capacity: Resources; reserved: Resources }
  after: { nodes: number; capacity: Resources; reserved: Resources }
}

export interface DrillProtection {
  region: string
  cause: OutageCause
  offline: number
  nodes: number
}

export interface DrillReport {
  takenAt: string
  mode: DrillMode
  /** What was picked: nodes by name, and whole regions and zones. */
  picked: { nodes: string[]; regions: string[]; zones: string[] }
  /** Number of nodes that fail or are drained. */
  nodes: number
  /** Regions that outage protection would cover. */
  protections: DrillProtection[]
  /** The final counts; with outage protection, those after somebody has overridden it. */
  counts: DrillCounts
  /** The counts while outage protection is active; null when it would not be. */
  heldCounts: DrillCounts | null
  /** Number of deployments in the whole fleet that already wait for capacity. */
  waiting: number
  capacity: DrillCapacity[]
  /** Number of deployments that match the filter; `rows` is one page of them, worst first. */
  total: number
  rows: DrillRow[]
}

/** The result if one region or node failed alone (with outage protection, after somebody has overridden it). */
export interface WeakPoint {
  kind: 'region' | 'node'
  name: string
  nodes: number
  counts: DrillCounts
  guarded: boolean
}

export interface WeakPoints {
  takenAt: string
  /** Worst first. */
  points: WeakPoint[]
  /** Number of regions and nodes that were tried; of the nodes only those likely to be the worst. */
  regions: number
  nodes: number
}

/** The regions and zones that can be picked, with their numbers of nodes. */
export interface DrillPlaces {
  regions: { name: string; nodes: number }[]
  /** “region/zone” */
  zones: { name: string; nodes: number }[]
}

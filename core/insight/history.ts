/** The fleet and its deployments at a past time, and the timeline of what happened. */

import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import { type MapNode, type NodeMap, readNodeMap } from '@/core/nodes/map'

/** A node at a past time. Its usage is the last one recorded before. */
export interface PastNode extends MapNode {
  reservedCpuMillis: number
  cpuMillis: number
  reservedMemoryMb: number
  memoryMb: number
}

export interface PastFleet extends NodeMap {
  /** ISO 8601 */
  at: string
  /** When usage was recorded: with the last decision before this time. Null when no record is kept. */
  usageAt: string | null
}

/** The map's fields, and behind them what was promised and what there was. */
export function readPastNodes(text: string): PastNode[] {
  const lines = text.split('\n')
  return readNodeMap(text).map((node, index) => {
    const [reservedCpuMillis = 0, cpuMillis = 0, reservedMemoryMb = 0, memoryMb = 0] = (lines[index] ?? '')
      .split(' ')
      .slice(7)
      .map(Number)
    return { ...node, reservedCpuMillis, cpuMillis, reservedMemoryMb, memoryMb }
  })
}

export interface PastReplica {
  id: string
  slot: number
  generation: number
  revision: number
  /** `offline`: whether the node was offline at that time. */
  node: { id: string; nodeId: string; region: string; offline: boolean }
  status: ReplicaStatus
  reason: string
  /** When it came into that status, or was last reported in it. */
  since: string
  /** Whether it held its place then. */
  reserved: boolean
}

export interface PastDeployment {
  at: string
  name: string
  status: DeploymentStatus
  /** Why it was in that status. */
  reason: string
  since: string
  targetReplicas: number
  revision: number
  /** Those that held a place, and of each wanted slot the newest attempt. */
  replicas: PastReplica[]
}

/** A notable event of a history. */
export const markKinds = ['failed', 'unhealthy', 'interrupted', 'offline', 'returned', 'deploy', 'person'] as const
export type MarkKind = (typeof markKinds)[number]

export interface HistoryMark {
  kind: MarkKind
  at: string
  /** The object of the event. */
  subject: { type: 'deployment' | 'node'; id: string; name: string }
  /** A sentence or a phrase. */
  text: string
}

export interface HistoryMarks {
  from: string
  to: string
  /** Number of events in each of the equal parts of the time range. */
  changes: number[]
  /** Range was trouble: failures, losses, offline nodes. */
  problems: number[]
  /** The newest events, in chronological order. */
  marks: HistoryMark[]
  /** Whether there are more. */
  more: boolean
}

/** How far the history goes back. */
export interface HistoryBounds {
  /** Nothing is recorded before this time. */
  from: string
  /** Node usage is recorded from this time on; null when none was ever recorded. */
  usageFrom: string | null
}

/** The times of the changes nearest to a given time, each list in chronological order. */
export interface NearMoments {
  at: string
  before: string[]
  after: string[]
}

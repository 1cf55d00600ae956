/** The fleet and its deployments as they were at a moment, and where in time something happened. */

import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import { type MapNode, type NodeMap, readNodeMap } from '@/core/nodes/map'

/** A node as it was. What was in use is the last that was recorded before. */
export interface PastNode extends MapNode {
  reservedCpuMillis: number
  cpuMillis: number
  reservedMemoryMb: number
  memoryMb: number
}

export interface PastFleet extends NodeMap {
  /** ISO 8601 */
  at: string
  /** When what nodes used was recorded: with the last decision before. Null when no such record is kept. */
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
  /** `silent`: it was offline then. */
  node: { id: string; nodeId: string; region: string; silent: boolean }
  status: ReplicaStatus
  reason: string
  /** When it came into that status, or was last heard of in it. */
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

/** What stands out in a history. */
export const markKinds = ['failed', 'unhealthy', 'interrupted', 'silent', 'returned', 'deploy', 'person'] as const
export type MarkKind = (typeof markKinds)[number]

export interface HistoryMark {
  kind: MarkKind
  at: string
  /** What it happened to. */
  subject: { type: 'deployment' | 'node'; id: string; name: string }
  /** In a sentence or a few words. */
  text: string
}

export interface HistoryMarks {
  from: string
  to: string
  /** How much happened in each of so many equal parts of the time. */
  changes: number[]
  /** Range was trouble: failures, losses, silent nodes. */
  problems: number[]
  /** The newest ones, in the order of time. */
  marks: HistoryMark[]
  /** There were more of them. */
  more: boolean
}

/** How far back one can look. */
export interface HistoryBounds {
  /** Nothing is recorded of the time before. */
  from: string
  /** What nodes used is kept from here on; null when nothing of it was ever recorded. */
  usageFrom: string | null
}

/** The moments nearest to another one at which something changed, each list in the order of time. */
export interface NearMoments {
  at: string
  before: string[]
  after: string[]
}

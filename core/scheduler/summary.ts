/** The log lines and messages of a run. Their wording is fixed, because people search logs for it. */

import { coresOfMillis } from '@/core/placement/resources'
import type { ChosenNode, PlacementRequest } from '@/core/placement/types'

/** Formats cores with at least one decimal: "2.0", "0.25". */
const loggedCores = (millis: number): string =>
  millis % 100 === 0 ? coresOfMillis(millis).toFixed(1) : String(coresOfMillis(millis))

/** What a run found, for its log lines. */
export interface ScanStats {
  /** Number of nodes that meet every rule. */
  feasible: number
  /** The best of them, best first. */
  best: { nodeId: string; score: number }[]
}

/** "node-01=0.87, node-02=0.84, node-03=0.81" */
export const topScores = (best: ScanStats['best']): string =>
  best
    .slice(0, 3)
    .map(({ nodeId, score }) => `${nodeId}=${score.toFixed(2)}`)
    .join(', ')

export const insufficientNodes = (needed: number, found: number): string =>
  `Insufficient nodes: need ${needed}, found ${found} with capacity`

export const summary = {
  scheduling: ({ deploymentId, replicas, resources }: PlacementRequest): string =>
    `Scheduling deployment ${deploymentId}: ${replicas} replicas, ${loggedCores(resources.cpuMillis)} CPU, ${resources.memoryMb} MB RAM`,

  found: ({ resources }: PlacementRequest, { feasible }: ScanStats): string =>
    `Found ${feasible} nodes with capacity: >=${loggedCores(resources.cpuMillis)} CPU, >=${resources.memoryMb} MB`,

  scored: ({ best }: ScanStats): string => `Node scoring complete. Top 3: ${topScores(best)}`,

  /** Names a node once, even if it takes several replicas. */
  selected: (chosen: readonly { nodeId: string }[]): string => {
    const names = [...new Set(chosen.map(({ nodeId }) => nodeId))]
    return `Selected ${names.length} nodes for deployment: [${names.join(', ')}]`
  },

  created: (replicaId: string, { nodeId, score }: Pick<ChosenNode, 'nodeId' | 'score'>): string =>
    `Created replica ${replicaId} on node ${nodeId} (score: ${score.toFixed(2)})`,
} as const

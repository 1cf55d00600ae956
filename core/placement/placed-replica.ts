import type { PlacementRulesSpec } from './preferences'

/** A replica with a reservation on a node; affinities to its deployment refer to that node. */
export interface PlacedReplica {
  id: string
  deploymentId: string
  deploymentName: string
  nodeId: string
}

/** Whether the replica belongs to the deployment with this name or id. */
export const isOf = ({ deploymentId, deploymentName }: PlacedReplica, nameOrId: string): boolean =>
  deploymentName === nameOrId || deploymentId === nameOrId.toLowerCase()

/** Returns the names and ids of the deployments to which the given ones have an affinity. */
export const othersOf = (deployments: readonly { placementRules: PlacementRulesSpec | null }[]): string[] => [
  ...new Set(
    deployments.flatMap(({ placementRules }) => placementRules?.affinity.map((rule) => rule.deployment) ?? []),
  ),
]

import type { AskedWishes } from './preferences'

/** A replica that is promised a place on a node: what affinities to its deployment go by. */
export interface PlacedReplica {
  id: string
  deploymentId: string
  deploymentName: string
  nodeId: string
}

/** Whether it belongs to the deployment with this name or id. */
export const isOf = ({ deploymentId, deploymentName }: PlacedReplica, nameOrId: string): boolean =>
  deploymentName === nameOrId || deploymentId === nameOrId.toLowerCase()

/** Names and ids of the deployments whose replicas it matters to know of. */
export const othersOf = (deployments: readonly { wishes: AskedWishes | null }[]): string[] => [
  ...new Set(deployments.flatMap(({ wishes }) => wishes?.affinity.map((rule) => rule.deployment) ?? [])),
]

import type { PlacementRequest } from '@/server/domain/placement'

/** What of a deployment a placement depends on. */
export type Placeable = Omit<PlacementRequest, 'deploymentId' | 'replicas' | 'avoidNodeIds'> & { id: string }

/** What is asked of the scheduler for some replicas of a deployment. */
export const requestFor = (
  deployment: Placeable,
  { replicas, avoidNodeIds = [] }: { replicas: number; avoidNodeIds?: string[] },
): PlacementRequest => ({
  deploymentId: deployment.id,
  replicas,
  resources: deployment.resources,
  region: deployment.region,
  constraints: deployment.constraints,
  maxPerNode: deployment.maxPerNode,
  avoidNodeIds,
})

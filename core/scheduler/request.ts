import type { PlacementRules } from '@/core/placement/preferences'
import type { PlacementRequest } from '@/core/placement/types'

/** The fields of a deployment that a placement depends on. */
type Placeable = Omit<
  PlacementRequest,
  'deploymentId' | 'replicas' | 'avoidNodeIds' | 'placementRules' | 'hostPorts' | 'handover'
> & { id: string; hostPorts: number[] }

/** Builds the placement request for some replicas of a deployment. `placementRules` must be resolved to topology domains. */
export const requestFor = (
  deployment: Placeable,
  {
    replicas,
    avoidNodeIds = [],
    placementRules,
  }: { replicas: number; avoidNodeIds?: string[]; placementRules?: PlacementRules | undefined },
): PlacementRequest => ({
  deploymentId: deployment.id,
  replicas,
  resources: deployment.resources,
  region: deployment.region,
  constraints: deployment.constraints,
  maxPerNode: deployment.maxPerNode,
  avoidNodeIds,
  ...(deployment.hostPorts.length > 0 && { hostPorts: deployment.hostPorts }),
  ...(placementRules && { placementRules }),
})

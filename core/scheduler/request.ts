import type { Wishes } from '@/core/placement/preferences'
import type { PlacementRequest } from '@/core/placement/types'

/** The fields of a deployment that a placement depends on. */
type Placeable = Omit<
  PlacementRequest,
  'deploymentId' | 'replicas' | 'avoidNodeIds' | 'wishes' | 'hostPorts' | 'handover'
> & { id: string; hostPorts: number[] }

/** Builds the placement request for some replicas of a deployment. `wishes` must be resolved to topology domains. */
export const requestFor = (
  deployment: Placeable,
  { replicas, avoidNodeIds = [], wishes }: { replicas: number; avoidNodeIds?: string[]; wishes?: Wishes | undefined },
): PlacementRequest => ({
  deploymentId: deployment.id,
  replicas,
  resources: deployment.resources,
  region: deployment.region,
  constraints: deployment.constraints,
  maxPerNode: deployment.maxPerNode,
  avoidNodeIds,
  ...(deployment.hostPorts.length > 0 && { hostPorts: deployment.hostPorts }),
  ...(wishes && { wishes }),
})

import { isUuid, notFound } from '@/core/contract/failure'
import { hostPortsOf } from '@/core/placement/host-ports'
import { othersOf } from '@/core/placement/placed-replica'
import { type PreviewedChange, previewChange } from '@/core/plan/preview-update'
import type { DeploymentToSchedule } from '@/core/plan/types'
import type { Services } from '@/server/api/context/context'
import { inPieces } from '@/server/api/stream/pieces'
import { type SpecUpdate, updatedSpec } from '@/server/store/deployments/revisions'
import { readSettings } from '@/server/store/records/settings'
import { placedReplicas } from '@/server/store/scheduling/placed-replicas'
import { readDeploymentsToSchedule } from '@/server/store/scheduling/scheduling-reads'

export interface UpdatePreview extends PreviewedChange {
  /** The revision that the update would create; null when nothing changes. */
  revision: number | null
  /** UUIDs of the nodes that suggestions name. */
  suggestedIds: Record<string, string>
  /** ISO 8601 */
  takenAt: string
}

interface Asked {
  id: string
  update: SpecUpdate
  /** Null leaves the number of replicas unchanged. */
  replicas: number | null
  changesEnv: boolean
}

/** Computes what the update would do on the current fleet. */
export async function previewUpdate(
  services: Services,
  { id, update, replicas, changesEnv }: Asked,
): Promise<UpdatePreview> {
  const { store, fleet: live, clock } = services
  if (!isUuid(id)) throw notFound('deployment', id)
  const [{ spec, changes }, deployments, fleet, settings] = await Promise.all([
    updatedSpec(store, id, update),
    readDeploymentsToSchedule(store, [id]),
    live.current(),
    readSettings(store),
  ])
  const now = deployments.get(id)
  if (!now) throw notFound('deployment', id)
  const makesRevision = changes.length > 0 || changesEnv
  const next: DeploymentToSchedule = {
    ...now,
    status: 'pending',
    targetReplicas: replicas ?? now.targetReplicas,
    // Like the real change, which resets the attempts.
    version: now.version + 1,
    revision: makesRevision ? now.revision + 1 : now.revision,
    region: spec.region,
    waitForCapacity: spec.waitForCapacity,
    maxPerNode: spec.maxPerNode,
    constraints: spec.constraints,
    placementRules: spec.placementRules ?? null,
    policy: spec.policy,
    resources: spec.resources,
    hostPorts: hostPortsOf(spec.ports),
  }
  const at = clock.now()
  const placed = await placedReplicas(store, othersOf([next]))
  const change = await inPieces(previewChange({ fleet, at, policy: settings.policy, placed }, next))
  const named = new Set(change.refusal?.suggestions.flatMap(({ nodeIds }) => nodeIds))
  return {
    ...change,
    revision: makesRevision ? next.revision : null,
    suggestedIds: Object.fromEntries(
      fleet.nodes.flatMap((node) => (node && named.has(node.nodeId) ? [[node.nodeId, node.id]] : [])),
    ),
    takenAt: at.toISOString(),
  }
}

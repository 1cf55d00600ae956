import type { DesiredReplica, DesiredState } from '@/core/agents/protocol'
import type { RestartRecord } from '@/core/deployments/restart'
import type { Store } from '@/server/db/client'
import { plainArray } from '@/server/db/pg-arrays'
import { envPlace } from '@/server/lib/seal'
import { contentOfReference } from '@/server/store/deployments/revision-images'

interface DesiredRow {
  node_id: string
  revision: string
  replica_id: string | null
  deployment_id: string
  name: string
  slot: number
  generation: number
  wanted: 'run' | 'stop'
  replica_revision: number
  resolved: boolean
  digest: string | null
  image_id: string | null
  pulls_anew: boolean
  is_first: boolean
  container_image: string
  cpu_millis: number
  memory_mb: number
  gpu_units: number
  storage_gb: number
  ports: { container: number; host: number | null }[]
  env_sealed: Buffer | null
  restarts: RestartRecord
}

/**
 * What each of the nodes should run now: every replica that holds a reservation there, each as its own revision has it.
 * One query for all of them.
 */
export async function desiredStates(store: Store, nodeIds: string[]): Promise<DesiredState[]> {
  if (nodeIds.length === 0) return []
  const { rows } = await store.pool.query<DesiredRow>({
    name: 'wanted-states',
    text: `
      select n.id as node_id, n.wanted_revision::text as revision, r.id as replica_id, d.id as deployment_id, d.name, r.slot,
        r.generation, r.wanted, r.cpu_millis, r.memory_mb, r.gpu_units, r.storage_gb,
        jsonb_build_object('interruptions', r.interruptions, 'restarts', r.restarts, 'inARow', r.restarts_in_a_row,
          'wasWell', r.was_well) as restarts,
        r.revision as replica_revision, i.resolved_at is not null as resolved, i.digest, i.image_id,
        coalesce(i.pulls_anew, false) as pulls_anew,
        i.resolved_at is null and not exists (
          select from deployment_replicas o where o.deployment_id = r.deployment_id and o.revision = r.revision
            and o.reserved and o.wanted = 'run' and o.status <> 'lost' and o.id < r.id) as is_first,
        case when v.revision is null then d.container_image else v.spec->>'image' end as container_image,
        case when v.revision is null then d.ports else v.spec->'ports' end as ports,
        case when v.revision is null then d.env_sealed else v.env_sealed end as env_sealed
      from unnest($1::uuid[]) as asked(id)
      join nodes n on n.id = asked.id
      -- "offset 0" makes the planner go node by node, whatever the statistics say.
      left join lateral (select * from deployment_replicas where node_id = n.id and reserved offset 0) r on true
      left join deployments d on d.id = r.deployment_id
      left join deployment_revisions v on v.deployment_id = d.id and v.revision = r.revision and r.revision <> d.revision
      left join revision_images i on i.deployment_id = r.deployment_id and i.revision = r.revision
      order by n.id, r.id`,
    values: [plainArray(nodeIds)],
  })
  const states = new Map<string, DesiredState>()
  for (const row of rows) {
    const state = states.get(row.node_id) ?? { nodeId: row.node_id, revision: row.revision, replicas: [] }
    states.set(row.node_id, state)
    if (row.replica_id !== null) state.replicas.push(desiredReplica(store, row, row.replica_id))
  }
  return [...states.values()]
}

const desiredReplica = (store: Store, row: DesiredRow, replicaId: string): DesiredReplica => ({
  replicaId,
  deploymentId: row.deployment_id,
  deploymentName: row.name,
  slot: row.slot,
  generation: row.generation,
  wanted: row.wanted,
  revision: row.replica_revision,
  image: row.container_image,
  imageContent: row.resolved
    ? { digest: row.digest, imageId: row.image_id ?? '' }
    : contentOfReference(row.container_image),
  resolvesImage: row.is_first,
  pullsAnew: row.pulls_anew,
  cpuMillis: row.cpu_millis,
  memoryMb: row.memory_mb,
  gpuUnits: row.gpu_units,
  storageGb: row.storage_gb,
  ports: row.ports,
  env: row.env_sealed && row.wanted === 'run' ? store.sealer.open(row.env_sealed, envPlace(row.deployment_id)) : {},
  restarts: row.restarts,
})

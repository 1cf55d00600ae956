import { Failure, isUuid, notFound } from '@/core/contract/failure'
import { changesText, type DeploymentSpec, type SpecChange, specChanges } from '@/core/deployments/revision'
import type { DeploymentStatus } from '@/core/deployments/status'
import { countOf } from '@/core/lib/count-of'
import {
  type GivenPlacementRules,
  type PlacementRulesSpec,
  withGivenPlacementRules,
} from '@/core/placement/preferences'
import { coresOfMillis, millisOfCores } from '@/core/placement/resources'
import type { RevisionView } from '@/core/views/deployments'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { envPlace } from '@/server/lib/seal'
import type { Actor } from '@/server/store/records/audit'
import { audit } from '@/server/store/records/audit'
import { type LockedDeployment, lockForAction, reopen } from './deployments'
import { keepImage, pullAnew, readRevisionImages } from './revision-images'

/** Only given fields change; of placement rules, each list by itself. A variable that is null is removed. */
export interface SpecUpdate extends Partial<Omit<DeploymentSpec, 'envNames' | 'placementRules'>> {
  placementRules?: GivenPlacementRules
  env?: Record<string, string | null>
}

export interface Updated {
  id: string
  name: string
  status: DeploymentStatus
  replicas: number
  revision: number
  previous: number
  changes: SpecChange[]
}

interface Content {
  spec: DeploymentSpec
  envSealed: Buffer | null
}

/**
 * Creates a revision from the given fields, which replaces the replicas one by one. Does nothing if nothing differs.
 */
export async function updateDeployment(
  store: Store,
  actor: Actor,
  { id, update, replicas, note }: { id: string; update: SpecUpdate; replicas?: number; note?: string },
): Promise<Updated> {
  return transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, 'update')
    const before = await readContent(tx, id)
    const { content: after, changes } = applied({ store, id, before }, update)
    const target = replicas ?? deployment.target_replicas
    const answer = { id, name: deployment.name, previous: deployment.revision, replicas: target, changes }
    if (changes.length === 0) {
      if (target === deployment.target_replicas)
        return { ...answer, status: deployment.status, revision: deployment.revision }
      await reopen(tx, actor, deployment, {
        trigger: 'scale',
        reason: `Scaling ${deployment.target_replicas} -> ${target} replicas`,
        targetReplicas: target,
      })
      await audit(tx, actor, {
        action: 'deployment.scale',
        subjectType: 'deployment',
        subjectId: id,
        before: { replicas: deployment.target_replicas },
        after: { replicas: target },
      })
      return { ...answer, status: 'pending', revision: deployment.revision }
    }
    await keepFirst(tx, deployment, before)
    const revision = await nextRevision(tx, id)
    await insertRevision(tx, { id, revision, content: after, actor, reason: note ?? changesText(changes) })
    await switchTo(tx, id, revision, after)
    await reopen(tx, actor, deployment, {
      trigger: 'update',
      reason: `Updating to revision ${revision}: ${withNote(changesText(changes), note)}`,
      targetReplicas: target,
    })
    await audit(tx, actor, {
      action: 'deployment.update',
      subjectType: 'deployment',
      subjectId: id,
      before: { revision: deployment.revision, replicas: deployment.target_replicas },
      after: { revision, replicas: target, changes },
    })
    return { ...answer, status: 'pending', revision }
  })
}

/** Creates a revision with the same content, for which the tag of the image is resolved in its registry again. */
export const redeployDeployment = (
  store: Store,
  actor: Actor,
  { id, note }: { id: string; note?: string },
): Promise<Updated> =>
  sameAgain(store, actor, id, {
    action: 'redeploy',
    trigger: 'update',
    reason: ({ image }) => withNote(`Redeployed ${image}`, note),
    status: ({ image, revision }) => `Redeploying as revision ${revision}: ${withNote(`${image} pulled anew`, note)}`,
    image: (tx, { revision, image }) => pullAnew(tx, id, { revision, image }),
  })

/**
 * Replaces every replica by a new one of the same content, one after the other. It is a revision of its own, as the
 * replicas of before are known by theirs.
 */
export const restartDeployment = (store: Store, actor: Actor, id: string): Promise<Updated> =>
  sameAgain(store, actor, id, {
    action: 'restart',
    trigger: 'restart',
    reason: ({ previous }) => `Restarted revision ${previous}`,
    status: ({ replicas }) => `Restarting ${countOf(replicas, 'replica')}, one after the other`,
    image: (tx, { previous, revision }) => keepImage(tx, id, { from: previous, to: revision }),
  })

interface SameAgain {
  image: string
  replicas: number
  previous: number
  revision: number
}

/** Creates a revision with the content of the current one. `image` is the content that its reference stands for. */
function sameAgain(
  store: Store,
  actor: Actor,
  id: string,
  how: {
    action: 'redeploy' | 'restart'
    trigger: 'update' | 'restart'
    reason: (same: SameAgain) => string
    status: (same: SameAgain) => string
    image: (tx: Tx, same: SameAgain) => Promise<void>
  },
): Promise<Updated> {
  return transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, how.action)
    const { name, target_replicas: replicas, revision: previous } = deployment
    if (how.action === 'restart' && replicas === 0)
      throw new Failure('conflict', 'This deployment has no replicas: start it, or scale it up')
    const content = await readContent(tx, id)
    await keepFirst(tx, deployment, content)
    const revision = await nextRevision(tx, id)
    const same = { image: content.spec.image, replicas, previous, revision }
    await insertRevision(tx, { id, revision, content, actor, reason: how.reason(same) })
    await switchTo(tx, id, revision, content)
    await how.image(tx, same)
    await reopen(tx, actor, deployment, {
      trigger: how.trigger,
      reason: how.status(same),
      targetReplicas: replicas,
    })
    await audit(tx, actor, {
      action: `deployment.${how.action}`,
      subjectType: 'deployment',
      subjectId: id,
      before: { revision: previous },
      after: { revision },
    })
    return { id, name, status: 'pending', replicas, revision, previous, changes: [] }
  })
}

/** The deployment as an update would leave it, without updating it. */
export async function updatedSpec(
  store: Store,
  id: string,
  update: SpecUpdate,
): Promise<{ spec: DeploymentSpec; changes: SpecChange[] }> {
  const { content, changes } = applied({ store, id, before: await readContent(store.pool, id) }, update)
  return { spec: content.spec, changes }
}

/** Returns to an earlier (or later) revision; replicas that run it already are left alone. */
export async function rollbackDeployment(
  store: Store,
  actor: Actor,
  { id, revision, note }: { id: string; revision: number; note?: string },
): Promise<Updated> {
  return transaction(store, async (tx) => {
    const deployment = await lockForAction(tx, actor, id, 'rollback')
    if (revision === deployment.revision)
      throw new Failure('conflict', `Revision ${revision} is the one that is wanted already`)
    const { rows } = await tx.query<{ spec: DeploymentSpec; env_sealed: Buffer | null }>(
      'select spec, env_sealed from deployment_revisions where deployment_id = $1 and revision = $2',
      [id, revision],
    )
    const row = rows[0]
    if (!row)
      throw new Failure('conflict', `This deployment has no revision ${revision}; its page lists those that there are`)
    const before = await readContent(tx, id)
    await switchTo(tx, id, revision, { spec: row.spec, envSealed: row.env_sealed })
    await reopen(tx, actor, deployment, {
      trigger: 'rollback',
      reason: withNote(`Rolled back to revision ${revision} from ${deployment.revision}`, note),
      targetReplicas: deployment.target_replicas,
    })
    await audit(tx, actor, {
      action: 'deployment.rollback',
      subjectType: 'deployment',
      subjectId: id,
      before: { revision: deployment.revision },
      after: { revision },
    })
    return {
      id,
      name: deployment.name,
      status: 'pending',
      replicas: deployment.target_replicas,
      revision,
      previous: deployment.revision,
      changes: specChanges(before.spec, row.spec),
    }
  })
}

const withNote = (text: string, note: string | undefined): string => (note ? `${text} (${note})` : text)

/** The content with the update applied, and the differences; of a changed variable only the name is given. */
function applied(
  { store, id, before }: { store: Store; id: string; before: Content },
  { env, placementRules, ...given }: SpecUpdate,
): { content: Content; changes: SpecChange[] } {
  const known = before.envSealed ? store.sealer.open(before.envSealed, envPlace(id)) : {}
  const merged = new Map(Object.entries(known))
  const reset: string[] = []
  for (const [name, value] of Object.entries(env ?? {})) {
    if (value === null) merged.delete(name)
    else {
      if (Object.hasOwn(known, name) && known[name] !== value) reset.push(name)
      merged.set(name, value)
    }
  }
  if (merged.size > 100)
    throw new Failure('bad-input', 'At most 100 variables', {
      fields: [{ path: 'env', message: 'At most 100 variables' }],
    })
  const spec: DeploymentSpec = {
    ...before.spec,
    ...given,
    ...(placementRules && {
      placementRules: withGivenPlacementRules(before.spec.placementRules ?? null, placementRules),
    }),
    envNames: [...merged.keys()],
  }
  const changes = specChanges(before.spec, spec)
  for (const name of reset) changes.push({ what: `variable ${name}`, from: 'its value', to: 'another value' })
  const envSealed = merged.size > 0 ? store.sealer.seal(Object.fromEntries(merged), envPlace(id)) : null
  return { content: { spec, envSealed: env === undefined ? before.envSealed : envSealed }, changes }
}

interface ContentRow {
  type: DeploymentSpec['type']
  container_image: string
  region: string | null
  wait_for_capacity: boolean
  max_per_node: number
  constraints: DeploymentSpec['constraints']
  placement_rules: PlacementRulesSpec | null
  policy: DeploymentSpec['policy']
  priority: number
  ports: DeploymentSpec['ports']
  env_names: string[]
  env_sealed: Buffer | null
  cpu_cores: number
  memory_mb: number
  gpu_units: number
  storage_gb: number
}

async function readContent(tx: Pick<Tx, 'query'>, id: string): Promise<Content> {
  const { rows } = await tx.query<ContentRow>(
    `select d.type, d.container_image, d.region, d.wait_for_capacity, d.max_per_node, d.constraints, d.placement_rules, d.policy,
       d.priority, d.ports, d.env_names, d.env_sealed, r.cpu_cores, r.memory_mb, r.gpu_units, r.storage_gb
     from deployments d join deployment_resources r on r.deployment_id = d.id where d.id = $1`,
    [id],
  )
  const row = rows[0]
  if (!row) throw notFound('deployment', id)
  return {
    envSealed: row.env_sealed,
    spec: {
      type: row.type,
      image: row.container_image,
      resources: {
        cpuMillis: millisOfCores(row.cpu_cores),
        memoryMb: row.memory_mb,
        gpuUnits: row.gpu_units,
        storageGb: row.storage_gb,
      },
      region: row.region,
      waitForCapacity: row.wait_for_capacity,
      maxPerNode: row.max_per_node,
      constraints: row.constraints,
      placementRules: row.placement_rules,
      policy: row.policy,
      priority: row.priority,
      ports: row.ports,
      envNames: row.env_names,
    },
  }
}

/** The first revision, which is not stored until there is a second one. */
async function keepFirst(
  tx: Tx,
  { id, owner, revision }: LockedDeployment,
  { spec, envSealed }: Content,
): Promise<void> {
  await tx.query(
    `insert into deployment_revisions (deployment_id, revision, spec, env_sealed, created_by, created_at, reason)
     select id, $2, $3, $4, $5, created_at, 'As it was deployed' from deployments where id = $1 on conflict do nothing`,
    [id, revision, JSON.stringify(spec), envSealed, owner],
  )
}

/** The deployment's row must be locked. */
async function nextRevision(tx: Tx, id: string): Promise<number> {
  const { rows } = await tx.query<{ newest: number }>(
    'select max(revision) as newest from deployment_revisions where deployment_id = $1',
    [id],
  )
  return (rows[0]?.newest ?? 0) + 1
}

async function insertRevision(
  tx: Tx,
  made: { id: string; revision: number; content: Content; actor: Actor; reason: string },
): Promise<void> {
  await tx.query(
    `insert into deployment_revisions (deployment_id, revision, spec, env_sealed, created_by, reason) values ($1, $2, $3, $4, $5, $6)`,
    [made.id, made.revision, JSON.stringify(made.content.spec), made.content.envSealed, made.actor.name, made.reason],
  )
}

/** Makes the revision the current one. */
async function switchTo(tx: Tx, id: string, revision: number, { spec, envSealed }: Content): Promise<void> {
  await tx.query(
    `update deployments set revision = $2, type = $3, container_image = $4, region = $5, wait_for_capacity = $6, max_per_node = $7,
       constraints = $8, policy = $9, priority = $10, ports = $11, env_names = $12, env_sealed = $13, placement_rules = $14 where id = $1`,
    [
      id,
      revision,
      spec.type,
      spec.image,
      spec.region,
      spec.waitForCapacity,
      spec.maxPerNode,
      JSON.stringify(spec.constraints),
      spec.policy && JSON.stringify(spec.policy),
      spec.priority,
      JSON.stringify(spec.ports),
      spec.envNames,
      envSealed,
      spec.placementRules ? JSON.stringify(spec.placementRules) : null,
    ],
  )
  await tx.query(
    'update deployment_resources set cpu_cores = $2, memory_mb = $3, gpu_units = $4, storage_gb = $5 where deployment_id = $1',
    [
      id,
      coresOfMillis(spec.resources.cpuMillis),
      spec.resources.memoryMb,
      spec.resources.gpuUnits,
      spec.resources.storageGb,
    ],
  )
}

/** All revisions of a deployment, newest first. */
export async function listRevisions(store: Store, id: string): Promise<RevisionView[]> {
  if (!isUuid(id)) throw notFound('deployment', id)
  const [content, images, { rows: deployments }, { rows }, { rows: counts }] = await Promise.all([
    readContent(store.pool, id),
    readRevisionImages(store, id),
    store.pool.query<{ revision: number; username: string; created_at: Date }>(
      'select d.revision, u.username, d.created_at from deployments d join users u on u.id = d.user_id where d.id = $1',
      [id],
    ),
    store.pool.query<{ revision: number; spec: DeploymentSpec; created_by: string; created_at: Date; reason: string }>(
      `select revision, spec, created_by, created_at, reason from deployment_revisions where deployment_id = $1
       order by revision desc`,
      [id],
    ),
    store.pool.query<{ revision: number; replicas: number }>(
      `select revision, count(*)::int as replicas from deployment_replicas
       where deployment_id = $1 and reserved and wanted = 'run' group by revision`,
      [id],
    ),
  ])
  const deployment = deployments[0]
  if (!deployment) throw notFound('deployment', id)
  const only = {
    revision: deployment.revision,
    spec: content.spec,
    created_by: deployment.username,
    created_at: deployment.created_at,
    reason: 'As it was deployed',
  }
  const replicas = new Map(counts.map((row) => [row.revision, row.replicas]))
  return (rows.length > 0 ? rows : [only]).map((row) => ({
    revision: row.revision,
    spec: row.spec,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    reason: row.reason,
    replicas: replicas.get(row.revision) ?? 0,
    current: row.revision === deployment.revision,
    image: images.get(row.revision) ?? null,
  }))
}

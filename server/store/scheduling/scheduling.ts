import { v7 as uuid } from 'uuid'
import { restartRules } from '@/core/deployments/restart'
import type { DeploymentStatus } from '@/core/deployments/status'
import { type Resources, subtractResources } from '@/core/placement/resources'
import type { NewReplica, Step } from '@/core/plan/types'
import { allAnswered, isCheckViolation, isUniqueViolation, type Store, type Tx, transaction } from '@/server/db/client'
import { announce, type Change } from '@/server/db/notify'
import { jsonArray, plainArray, textArray } from '@/server/db/pg-arrays'
import type { PackedEntry } from '@/server/store/journal/fleet-journal'
import { requireLeader } from '@/server/store/leader/leadership'
import { refreshNodeStatus } from '@/server/store/nodes/node-rows'
import { type Committer, enqueueEvaluations, settleEvaluations } from '@/server/store/queue/evaluations'
import { changeDeploymentStatuses, type DeploymentStatusChange } from '@/server/store/records/status-changes'
import { reserveHostPorts } from './host-ports'
import { wakeForAffinity } from './placed-replicas'

/** Decisions that were made together, with the part of their fleet snapshot that the journal lacks. */
interface SnapshotRef {
  /** Null if the journal has all of it; then `journalSeq` says where. */
  entry: PackedEntry | null
  journalSeq: bigint | null
  /** When the snapshot was taken. */
  at: Date
}

/** Something changed between reading and writing: plan again. */
export class LostRaceError extends Error {
  constructor(what: string) {
    super(`Lost a race: ${what}`)
    this.name = 'LostRaceError'
  }
}

/**
 * Commits what was decided for some deployments (each at most once), all of it or nothing, in one transaction that
 * checks again: the leadership term, the leases, the deployments' versions, that each node still takes replicas, and (by the check
 * constraints of the node rows) its capacity. The statements, as many for one deployment as for hundreds but for those that
 * come back later, are sent together: what a check finds comes back with the rest, before anything is committed.
 * Locks are taken in the order that all writers keep: deployments, replicas, nodes, each by id.
 */
export async function commitSteps(
  store: Store,
  committer: Committer,
  { steps, snapshotRef }: { steps: Step[]; snapshotRef: SnapshotRef },
): Promise<{ changes: DeploymentStatusChange[]; journalSeq: bigint | null }> {
  const changes = statusChanges(steps)
  const stop = steps.flatMap((step) => step.stop)
  const sums = reservations(steps)
  const reserved = [...sums.keys()]
  const placed = steps.filter((step) => step.place.length > 0).map((step) => step.deployment)
  try {
    return await transaction(store, async (tx) => {
      const checks = [
        requireLeader(tx, committer.epoch),
        lockDeployments(tx, steps),
        settle(tx, committer, steps),
        lockNodes(tx, { stop, places: reserved }),
      ]
      const touched = stopReplicas(tx, stop)
      const rooms = [handOver(tx, steps), reserve(tx, steps, sums), refreshNodeStatus(tx, reserved)]
      const journalSeq = insertDecisions(tx, steps, snapshotRef)
      const rows = [
        insertReplicas(tx, steps),
        reserveHostPorts(tx, placedOf(steps).map(portsOfPlaced)),
        changeDeploymentStatuses(tx, changes),
      ]
      const retries = steps.flatMap(({ deployment, evaluation, retryInMs }) =>
        retryInMs === null ? [] : [enqueueEvaluations(tx, [deployment.id], evaluation.trigger, retryInMs)],
      )
      const woken = wakeForAffinity(tx, placed)
      await allAnswered([...checks, touched, ...rooms, journalSeq, ...rows, ...retries, woken])
      const nodeIds = [...new Set([...(await touched), ...reserved])]
      const news: Change[] = [{ topic: 'deployment', ids: steps.map((step) => step.deployment.id) }]
      if (nodeIds.length > 0) news.push({ topic: 'wanted', ids: nodeIds }, { topic: 'node', ids: nodeIds })
      if ((await woken) > 0) news.push({ topic: 'evaluation', ids: [] })
      await announce(tx, news)
      return { changes, journalSeq: await journalSeq }
    })
  } catch (error) {
    if (isCheckViolation(error)) throw new LostRaceError('a node has less capacity than it had')
    if (isUniqueViolation(error, 'host_port_reservations_pkey')) throw new LostRaceError('a host port was taken')
    if (isUniqueViolation(error)) throw new LostRaceError('a slot was placed by another scheduler')
    throw error
  }
}

const statusChanges = (steps: Step[]): DeploymentStatusChange[] =>
  steps.flatMap(({ deployment, status }) =>
    status && status.to !== deployment.status
      ? [{ id: deployment.id, from: deployment.status, to: status.to, reason: status.reason, changedBy: 'scheduler' }]
      : [],
  )

async function lockDeployments(tx: Tx, steps: Step[]): Promise<void> {
  const { rows } = await tx.query<{ id: string; version: number; status: DeploymentStatus }>({
    name: 'lock-deployments',
    text: 'select id, version, status from deployments where id = any($1::uuid[]) order by id for no key update',
    values: [steps.map((step) => step.deployment.id)],
  })
  const now = new Map(rows.map((row) => [row.id, row]))
  for (const { deployment } of steps) {
    const row = now.get(deployment.id)
    if (row?.version !== deployment.version || row.status !== deployment.status)
      throw new LostRaceError('a deployment changed')
  }
}

async function settle(tx: Tx, committer: Committer, steps: Step[]): Promise<void> {
  const settled = await settleEvaluations(
    tx,
    committer,
    steps.map((step) => ({ id: step.evaluation.id, as: step.evaluationEnds })),
  )
  if (settled !== steps.length) throw new LostRaceError('the lease of an evaluation ran out')
}

/**
 * Nodes on which replicas stop and nodes that get new ones, locked together, because each part alone is ordered only in
 * itself.
 */
async function lockNodes(tx: Tx, { stop, places }: { stop: string[]; places: string[] }): Promise<void> {
  if (stop.length === 0 || places.length === 0) return
  await tx.query({
    name: 'lock-nodes',
    text: `
      select id from nodes where id = any($1::uuid[])
        or id in (select node_id from deployment_replicas where id = any($2::uuid[])) order by id for no key update`,
    values: [places, stop],
  })
}

/** Returns the nodes on which something is to stop. */
async function stopReplicas(tx: Tx, ids: string[]): Promise<string[]> {
  if (ids.length === 0) return []
  const { rows } = await tx.query<{ id: string }>({
    name: 'stop-replicas',
    text: `
      with stopped as (
        update deployment_replicas set wanted = 'stop', updated_at = now() where id = any($1::uuid[]) and reserved returning node_id
      ), locked as (
        select id from nodes where id in (select node_id from stopped) order by id for no key update
      )
      update nodes n set wanted_revision = wanted_revision + 1 from locked where n.id = locked.id returning n.id`,
    values: [ids],
  })
  return rows.map(({ id }) => id)
}

/** The new replicas of the steps, each with its requested resources. */
const placedOf = (steps: Step[]): { step: Step; replica: NewReplica; resources: Resources }[] =>
  steps.flatMap((step) => step.place.map((replica) => ({ step, replica, resources: step.deployment.resources })))

const portsOfPlaced = ({ step, replica }: ReturnType<typeof placedOf>[number]) => ({
  replica,
  hostPorts: step.deployment.hostPorts,
})

/** What is to be reserved on each node, besides what is handed over there. */
function reservations(steps: Step[]): Map<string, Resources> {
  const sums = new Map<string, Resources>()
  for (const { replica, resources: asked } of placedOf(steps)) {
    const resources = replica.takesOver ? subtractResources(asked, replica.takesOver.resources) : asked
    const sum = sums.get(replica.nodeId) ?? { cpuMillis: 0, memoryMb: 0, storageGb: 0, gpuUnits: 0 }
    sum.cpuMillis += resources.cpuMillis
    sum.memoryMb += resources.memoryMb
    sum.storageGb += resources.storageGb
    sum.gpuUnits += resources.gpuUnits
    sums.set(replica.nodeId, sum)
  }
  return sums
}

/**
 * Releases what stopping replicas hand over to their successors; a replica that ended meanwhile has nothing to hand
 * over.
 */
async function handOver(tx: Tx, steps: Step[]): Promise<void> {
  const handed = placedOf(steps).flatMap(({ replica }) => replica.takesOver ?? [])
  if (handed.length === 0) return
  const { rowCount } = await tx.query({
    name: 'hand-over',
    text: `
      update deployment_replicas r set cpu_millis = r.cpu_millis - h.cpu, memory_mb = r.memory_mb - h.memory,
        storage_gb = r.storage_gb - h.storage, gpu_units = r.gpu_units - h.gpu
      from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[]) as h(id, cpu, memory, storage, gpu)
      where r.id = h.id and r.reserved and r.cpu_millis >= h.cpu and r.memory_mb >= h.memory
        and r.storage_gb >= h.storage and r.gpu_units >= h.gpu`,
    values: [
      plainArray(handed.map(({ replicaId }) => replicaId)),
      plainArray(handed.map(({ resources }) => resources.cpuMillis)),
      plainArray(handed.map(({ resources }) => resources.memoryMb)),
      plainArray(handed.map(({ resources }) => resources.storageGb)),
      plainArray(handed.map(({ resources }) => resources.gpuUnits)),
    ],
  })
  if (rowCount !== handed.length) throw new LostRaceError('a replica that was to make way ended by itself')
}

/** Adds the reservations; a node that no longer accepts replicas, or lacks capacity, aborts the commit. */
async function reserve(tx: Tx, steps: Step[], sums: ReadonlyMap<string, Resources>): Promise<void> {
  if (sums.size === 0) return
  const handedOver = placedOf(steps).flatMap(({ replica }) => (replica.takesOver ? replica.nodeId : []))
  const amounts = [...sums.values()]
  const { rowCount } = await tx.query({
    name: 'reserve',
    text: `
      with wanted as (
        select n.id, w.cpu, w.memory, w.storage, w.gpu
        from unnest($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[]) as w(id, cpu, memory, storage, gpu)
        join nodes n on n.id = w.id
        where not n.cordoned and not n.draining and n.engine_error is null
          -- A full node fits what takes the place of something there.
          and (n.status in ('idle', 'active') or n.status = 'busy' and n.id = any($6::uuid[]))
        order by n.id for no key update of n
      )
      update nodes n set
        reserved_cpu_millis = reserved_cpu_millis + w.cpu,
        reserved_memory_mb = reserved_memory_mb + w.memory,
        reserved_storage_gb = reserved_storage_gb + w.storage,
        reserved_gpu = reserved_gpu + w.gpu,
        wanted_revision = wanted_revision + 1
      from wanted w where n.id = w.id returning n.id`,
    values: [
      plainArray([...sums.keys()]),
      plainArray(amounts.map((amount) => amount.cpuMillis)),
      plainArray(amounts.map((amount) => amount.memoryMb)),
      plainArray(amounts.map((amount) => amount.storageGb)),
      plainArray(amounts.map((amount) => amount.gpuUnits)),
      plainArray(handedOver),
    ],
  })
  if (rowCount !== sums.size) throw new LostRaceError('a node takes no replicas any more')
}

async function insertReplicas(tx: Tx, steps: Step[]): Promise<void> {
  const placed = placedOf(steps)
  if (placed.length === 0) return
  await tx.query({
    name: 'insert-replicas',
    text: `
      with placed as (
        insert into deployment_replicas (id, deployment_id, node_id, decision_id, slot, generation, version, revision, score,
          cpu_millis, memory_mb, storage_gb, gpu_units, updated_at, node_revision, was_well, restarts_in_a_row)
        -- The reservations have raised the revisions of the nodes already.
        select p.*, now(), n.wanted_revision, coalesce(o.was_well, false), coalesce(o.in_a_row, 0)
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::int[],
          $7::int[], $8::int[], $9::float8[], $10::int[], $11::int[], $12::int[], $13::int[])
          as p(id, deployment_id, node_id, decision_id, slot, generation, version, revision)
        join nodes n on n.id = p.node_id
        -- What was well on another node is restarted for ever on this one, too, and its back-off goes on.
        left join lateral (
          select r.was_well or (r.health is distinct from 'unhealthy' and r.status in ('running', 'lost', 'stopped')
              and coalesce(r.finished_at, now()) - r.started_at >= interval '${restartRules.wellAfterMs} ms') as was_well,
            case when r.version = p.version then r.restarts_in_a_row end as in_a_row
          from deployment_replicas r where r.deployment_id = p.deployment_id and r.slot = p.slot and r.revision = p.revision
          order by r.generation desc limit 1
        ) o on true
        returning id, deployment_id
      )
      insert into replica_status_history (replica_id, deployment_id, old_status, new_status, reason, changed_by)
      select id, deployment_id, 'none', 'pending', r.reason, 'scheduler'
      from unnest($1::uuid[], $14::text[]) as r(id, reason) join placed using (id)`,
    values: [
      plainArray(placed.map(({ replica }) => replica.id)),
      plainArray(placed.map(({ step }) => step.deployment.id)),
      plainArray(placed.map(({ replica }) => replica.nodeId)),
      textArray(placed.map(({ step }) => step.decision?.id ?? null)),
      plainArray(placed.map(({ replica }) => replica.slot)),
      plainArray(placed.map(({ replica }) => replica.generation)),
      plainArray(placed.map(({ step }) => step.deployment.version)),
      plainArray(placed.map(({ step }) => step.deployment.revision)),
      plainArray(placed.map(({ replica }) => replica.score)),
      plainArray(placed.map(({ resources }) => resources.cpuMillis)),
      plainArray(placed.map(({ resources }) => resources.memoryMb)),
      plainArray(placed.map(({ resources }) => resources.storageGb)),
      plainArray(placed.map(({ resources }) => resources.gpuUnits)),
      textArray(placed.map(({ replica }) => `Placed on ${replica.nodeName} (score: ${replica.score.toFixed(2)})`)),
    ],
  })
}

/** Writes the decisions with the entry of the journal on which they rest; hands back its number. */
async function insertDecisions(tx: Tx, steps: Step[], { entry, journalSeq, at }: SnapshotRef): Promise<bigint | null> {
  const decided = steps.flatMap((step) => (step.decision ? [{ step, decision: step.decision }] : []))
  if (decided.length === 0) return journalSeq
  if (entry === null && journalSeq === null) throw new Error('Decisions need an entry of the fleet journal to rest on')
  const { rows } = await tx.query<{ seq: string }>({
    name: 'insert-decisions',
    text: `
      with entry as (
        insert into fleet_journal (writer, kind, data) select $14::uuid, $15::text, $16::bytea where $15 is not null returning seq
      ), place as (
        select seq from entry union all select $11::bigint where $15 is null
      ), written as (
        insert into decisions (id, deployment_id, evaluation_id, outcome, request, policy, chosen, found, message, own,
          batch_order, journal_seq, batch_id, created_at)
        select d.*, place.seq, $12::uuid, $13::timestamptz
        from place, unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::jsonb[], $6::jsonb[], $7::jsonb[], $8::int[],
          $9::text[], $10::jsonb[]) with ordinality d
      )
      select seq from place`,
    values: [
      plainArray(decided.map(({ decision }) => decision.id)),
      plainArray(decided.map(({ step }) => step.deployment.id)),
      plainArray(decided.map(({ step }) => step.evaluation.id)),
      plainArray(decided.map(({ decision }) => decision.outcome)),
      jsonArray(decided.map(({ decision }) => decision.request)),
      jsonArray(decided.map(({ decision }) => decision.policy)),
      jsonArray(decided.map(({ decision }) => decision.chosen)),
      plainArray(decided.map(({ decision }) => decision.found)),
      textArray(decided.map(({ decision }) => decision.message)),
      jsonArray(decided.map(({ decision }) => decision.own)),
      journalSeq?.toString() ?? null,
      uuid(),
      at,
      entry?.writer ?? null,
      entry?.kind ?? null,
      entry?.data ?? null,
    ],
  })
  return BigInt(rows[0]?.seq ?? 0)
}

import { v7 as uuid } from 'uuid'
import type { MachineFacts } from '@/core/agents/identity'
import type { NodeDescription, NodeHeartbeat } from '@/core/agents/protocol'
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import type { NodeStatus } from '@/core/placement/node-status'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce, type Change } from '@/server/db/notify'
import { hashToken } from '@/server/store/accounts/credentials'
import { requireLeader } from '@/server/store/leader/leadership'
import { openReturns } from '@/server/store/node-loss/node-returns'
import { heartbeatSeconds } from '@/server/store/nodes/heartbeat-limits'
import { isUnreachable, onlineNodeStatus } from '@/server/store/nodes/node-health'
import { type NodeEvent, recordNodeEvents, refreshNodeStatus } from '@/server/store/nodes/node-rows'
import { type SizeRow, sizeColumns, sizeText, tooSmallEvents } from '@/server/store/nodes/node-size'
import { heartbeatsUntil } from '@/server/store/nodes/report-intake'
import { wakeBlockedEvaluations } from '@/server/store/queue/evaluations'
import { type Author, audit } from '@/server/store/records/audit'
import { removedText, type Speaker, setHolder, whyRefused } from './identities'
import { type JoinToken, requireJoinToken, spendJoinToken } from './join-tokens'

interface JoinRequest {
  joinToken: string | null
  speaker: Speaker
  machine: MachineFacts
  agentVersion: string
  address: string | null
  nodes: NodeDescription[]
}

/**
 * Registers the nodes of one agent program, or brings their descriptions up to date when the same credential joins
 * again (then no token is needed). All or none. Of a machine that came back smaller than what is reserved on it, nothing is
 * refused: its capacity follows as reservations go.
 */
export async function joinNodes(store: Store, request: JoinRequest): Promise<{ id: string; name: string }[]> {
  const credentialHash = hashToken(request.speaker.credential)
  return transaction(store, async (tx) => {
    // Whoever is a stranger without a token learns nothing, least of all which names there are.
    const { isKnown, token } = await admit(tx, request)
    const names = request.nodes.map((node) => node.name)
    const { rows: known } = await tx.query<{ id: string; node_id: string; credential_hash: string }>(
      'select id, node_id, credential_hash from nodes where node_id = any($1::text[]) and removed_at is null order by id for no key update',
      [names],
    )
    const foreign = known.filter((row) => row.credential_hash !== credentialHash)
    if (foreign.length > 0)
      throw new Failure(
        'conflict',
        `There is already a node ${foreign[0]?.node_id}, and it belongs to another agent: choose another name, or start that agent with its own data folder`,
        { fields: [{ path: 'name', message: 'taken by another agent' }] },
      )
    const isNew = request.nodes.filter((node) => !known.some((row) => row.node_id === node.name))
    let joinToken: JoinToken | null = null
    if (isNew.length > 0) {
      joinToken = token ?? (await requireJoinToken(tx, request.joinToken))
      await spendJoinToken(tx, joinToken, isNew.length)
    }
    const ids = new Map(known.map((row) => [row.node_id, row.id]))
    for (const node of isNew) ids.set(node.name, uuid())
    if (!isKnown) await setHolder(tx, { credentialHash, instance: request.speaker.instance, machine: request.machine })
    const sizes = await upsertNodes(tx, request, { ids, credentialHash, joinTokenId: joinToken?.id ?? null })
    await refreshNodeStatus(
      tx,
      known.map((row) => row.id),
    )
    const events: NodeEvent[] = request.nodes.map((node) => ({
      nodeId: ids.get(node.name) ?? '',
      kind: 'joined',
      detail: isNew.includes(node)
        ? `Joined with ${sizeText(node)} (token “${joinToken?.name ?? ''}”)`
        : `Agent started again with ${sizeText(node)}`,
      actor: 'agent',
    }))
    await recordNodeEvents(tx, [...events, ...tooSmallEvents(sizes)])
    await wakeBlockedEvaluations(tx)
    await announce(tx, [
      { topic: 'node', ids: [...ids.values()] },
      { topic: 'evaluation', ids: [] },
      ...(joinToken ? [{ topic: 'token', ids: [joinToken.id] } as const] : []),
    ])
    return request.nodes.map((node) => ({ id: ids.get(node.name) ?? '', name: node.name }))
  })
}

/**
 * Who may join: an agent that speaks for its nodes, or a stranger with a token, which is locked then. Throws the Failure
 * that says why not.
 */
async function admit(
  tx: Pick<Tx, 'query'>,
  { speaker, joinToken }: Pick<JoinRequest, 'speaker' | 'joinToken'>,
): Promise<{ isKnown: boolean; token: JoinToken | null }> {
  const credentialHash = hashToken(speaker.credential)
  const { rows } = await tx.query<{ holds: boolean | null }>(
    'select bool_and(agent_instance is not distinct from $2::uuid) as holds from nodes where credential_hash = $1 and removed_at is null',
    [credentialHash, speaker.instance],
  )
  const holds = rows[0]?.holds ?? null
  if (holds === false) throw await whyRefused(tx, speaker)
  if (holds) return { isKnown: true, token: null }
  const removed = await removedText(tx, credentialHash)
  if (removed !== null) throw new Failure('forbidden', removed)
  return { isKnown: false, token: await requireJoinToken(tx, joinToken) }
}

/** The same before the nodes are looked at, or even read. */
export const admitToJoin = async (store: Store, caller: Pick<JoinRequest, 'speaker' | 'joinToken'>): Promise<void> =>
  void (await admit(store.pool, caller))

/** The trigger nodes_shrink forgets a reported size in which everything fits. */
async function upsertNodes(
  tx: Tx,
  request: JoinRequest,
  {
    ids,
    credentialHash,
    joinTokenId,
  }: { ids: Map<string, string>; credentialHash: string; joinTokenId: string | null },
): Promise<SizeRow[]> {
  const rows = request.nodes.map((node) => ({ ...node, id: ids.get(node.name) }))
  const { rows: sizes } = await tx.query<SizeRow>(
    `insert into nodes as n (id, node_id, node_type, region, status, simulated, labels, latitude, longitude, cpu_cores, memory_mb,
       storage_gb, gpu_available, engine, engine_version, agent_version, address, credential_hash, agent_instance, join_token_id, last_heartbeat, updated_at)
     select id, name, type, region, 'idle', engine = 'simulated', labels, latitude, longitude, "cpuCores", "memoryMb",
       "storageGb", "gpuUnits", engine, "engineVersion", $2, $3, $4, $6, $5, now(), now()
     from jsonb_to_recordset($1::jsonb) as r(id uuid, name text, type text, region text, labels jsonb, latitude float8,
       longitude float8, "cpuCores" float8, "memoryMb" int, "storageGb" int, "gpuUnits" int, engine text, "engineVersion" text)
     on conflict (node_id) where removed_at is null do update set node_type = excluded.node_type, region = excluded.region, labels = excluded.labels,
       latitude = excluded.latitude, longitude = excluded.longitude,
       cpu_cores = greatest(excluded.cpu_cores, n.reserved_cpu_millis::float8 / 1000), reported_cpu_cores = excluded.cpu_cores,
       memory_mb = greatest(excluded.memory_mb, n.reserved_memory_mb), reported_memory_mb = excluded.memory_mb,
       storage_gb = greatest(excluded.storage_gb, n.reserved_storage_gb), reported_storage_gb = excluded.storage_gb,
       gpu_available = greatest(excluded.gpu_available, n.reserved_gpu), reported_gpu = excluded.gpu_available,
       engine = excluded.engine, simulated = excluded.simulated, engine_version = excluded.engine_version,
       agent_version = excluded.agent_version, address = excluded.address, updated_at = now()
     returning ${sizeColumns('n')}`,
    [
      JSON.stringify(rows),
      request.agentVersion,
      request.address,
      credentialHash,
      joinTokenId,
      request.speaker.instance,
    ],
  )
  return sizes
}

/** Which of these nodes spoke with this credential until they were removed from the fleet. */
export async function removedAmong(store: Store, credential: string, nodeIds: string[]): Promise<string[]> {
  const { rows } = await store.pool.query<{ id: string }>(
    'select id from nodes where credential_hash = $1 and removed_at is not null and id = any($2::uuid[])',
    [hashToken(credential), nodeIds],
  )
  return rows.map((row) => row.id)
}

/** Throws a Failure unless nodes have joined with the credential, or may join with the token. */
export async function requireKnownAgent(
  store: Store,
  { credential, joinToken }: { credential: string | null; joinToken: string | null },
): Promise<void> {
  if (credential !== null) {
    const { rows } = await store.pool.query<{ known: boolean }>(
      'select exists (select 1 from nodes where credential_hash = $1) as known',
      [hashToken(credential)],
    )
    if (rows[0]?.known) return
    if (joinToken === null) throw new Failure('not-signed-in', 'No node belongs to this credential: join again')
  }
  await requireJoinToken(store.pool, joinToken)
}

export interface SignedHeartbeat extends NodeHeartbeat {
  /** Of the credential with which it came: it counts only for nodes that belong to it. */
  credentialHash: string
  /** Of the agent's process from which it came. */
  instance: string
}

interface HeartbeatOutcome {
  /** nodes.wanted_revision */
  revision: string
  /** The node was offline before. */
  returned: boolean
  /** How often agents are to beat, as it is set now. */
  heartbeatSeconds: number
  credentialHash: string
  instance: string
}

/** A usage as agents measure it and the fleet journal keeps it: in tenths. */
const tenths = (percent: number): number => Math.round(percent * 10) / 10

/**
 * Writes a batch of heartbeats, of each node one at most, in one statement. A node that was offline is online again, which
 * may be the capacity that somebody waits for. Hands back an outcome for every node that is known, by its id.
 */
export async function recordHeartbeats(store: Store, beats: SignedHeartbeat[]): Promise<Map<string, HeartbeatOutcome>> {
  return transaction(store, async (tx) => {
    const { rows } = await tx.query<{
      id: string
      credential_hash: string
      agent_instance: string
      revision: string
      was: NodeStatus
      before: Date
      every_seconds: number
      old_error: string | null
      engine_error: string | null
    }>({
      name: 'record-heartbeats',
      text: `
        with beat as (
          select n.id, n.status as was, n.engine_error as old_error, n.last_heartbeat as before, b.cpu, b.memory, b.error, b.held, b.waiting
          from unnest($1::uuid[], $2::float8[], $3::float8[], $4::text[], $5::text[], $6::bigint[], $7::boolean[], $8::uuid[])
            as b(id, cpu, memory, error, credential_hash, held, waiting, instance)
          join nodes n on n.id = b.id and n.credential_hash = b.credential_hash and n.agent_instance = b.instance and n.removed_at is null
          order by n.id for no key update of n
        )
        update nodes n set cpu_usage_percent = beat.cpu, memory_usage_percent = beat.memory, engine_error = beat.error,
          last_heartbeat = now(), offline_since = null, offline_counted_from = null, held_revision = beat.held,
          reports_waiting_at = case when beat.waiting then now() else n.reports_waiting_at end,
          status = case when n.status = 'offline' then ${onlineNodeStatus('n')} else n.status end
        from beat where n.id = beat.id
        returning n.id, n.credential_hash, n.agent_instance, n.wanted_revision::text as revision, beat.was, beat.before, beat.old_error, n.engine_error,
          ${heartbeatSeconds} as every_seconds`,
      values: [
        beats.map((beat) => beat.nodeId),
        beats.map((beat) => tenths(beat.cpuUsagePercent)),
        beats.map((beat) => tenths(beat.memoryUsagePercent)),
        beats.map((beat) => beat.engineError),
        beats.map((beat) => beat.credentialHash),
        beats.map((beat) => beat.revision),
        beats.map((beat) => beat.reportsWaiting),
        beats.map((beat) => beat.instance),
      ],
    })
    const back = rows.filter((row) => row.was === 'offline')
    const returned = back.map((row) => row.id)
    await openReturns(
      tx,
      back.map((row) => ({ nodeId: row.id, offlineSince: row.before })),
    )
    const mended = rows.filter((row) => row.old_error !== null && row.engine_error === null)
    await recordNodeEvents(tx, [
      ...returned.map(
        (nodeId): NodeEvent => ({ nodeId, kind: 'online', detail: 'Heartbeats arrive again', actor: 'agent' }),
      ),
      ...rows
        .filter((row) => row.old_error !== row.engine_error)
        .map(
          (row): NodeEvent => ({
            nodeId: row.id,
            kind: 'engine',
            detail:
              row.engine_error === null
                ? 'It can run containers again'
                : `It can not run containers: ${row.engine_error}`,
            actor: 'agent',
          }),
        ),
    ])
    const changes: Change[] = rows.length > 0 ? [{ topic: 'node', ids: rows.map((row) => row.id) }] : []
    if (returned.length > 0 || mended.length > 0) {
      await wakeBlockedEvaluations(tx)
      changes.push({ topic: 'evaluation', ids: [] }, ...(await changesOn(tx, returned)))
    }
    await announce(tx, changes)
    return new Map(
      rows.map((row) => [
        row.id,
        {
          revision: row.revision,
          returned: row.was === 'offline',
          heartbeatSeconds: row.every_seconds,
          credentialHash: row.credential_hash,
          instance: row.agent_instance,
        },
      ]),
    )
  })
}

/** Marks nodes offline whose last heartbeat is older than the limit. Their containers may well keep running. */
export async function markUnreachableNodes(
  store: Store,
  epoch: bigint,
): Promise<{ id: string; nodeId: string; offlineSeconds: number }[]> {
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rows } = await tx.query<{ id: string; node_id: string; silent_seconds: number }>(
      `with overdue as (
         select id from nodes n where removed_at is null and status not in ('offline', 'maintenance') and ${isUnreachable('n')} order by id for no key update
       )
       update nodes n set status = 'offline', offline_since = now() from overdue where n.id = overdue.id
       returning n.id, n.node_id, floor(extract(epoch from ${heartbeatsUntil} - n.last_heartbeat))::int as silent_seconds`,
    )
    if (rows.length === 0) return []
    await recordNodeEvents(
      tx,
      rows.map((row) => ({
        nodeId: row.id,
        kind: 'offline',
        detail: `No heartbeat for ${row.silent_seconds} s`,
        actor: 'scheduler',
      })),
    )
    const offline = rows.map((row) => row.id)
    await announce(tx, [{ topic: 'node', ids: offline }, ...(await changesOn(tx, offline))])
    return rows.map((row) => ({ id: row.id, nodeId: row.node_id, offlineSeconds: row.silent_seconds }))
  })
}

/** The health of deployments with a replica there depends on whether the nodes are online. */
async function changesOn(tx: Tx, nodeIds: string[]): Promise<Change[]> {
  if (nodeIds.length === 0) return []
  const { rows } = await tx.query<{ id: string }>(
    'select distinct deployment_id as id from deployment_replicas where node_id = any($1::uuid[]) and reserved',
    [nodeIds],
  )
  return rows.length > 0 ? [{ topic: 'deployment', ids: rows.map(({ id }) => id) }] : []
}

/** A cordoned node keeps its replicas and takes no new ones. */
export async function setNodeCordoned(
  store: Store,
  author: Author,
  { id, cordoned }: { id: string; cordoned: boolean },
): Promise<{ nodeId: string }> {
  return transaction(store, async (tx) => {
    if (!isUuid(id)) throw notFound('node', id)
    const { rows } = await tx.query<{ node_id: string; cordoned: boolean }>(
      'select node_id, cordoned from nodes where id = $1 and removed_at is null for no key update',
      [id],
    )
    const node = rows[0]
    if (!node) throw notFound('node', id)
    if (node.cordoned === cordoned) return { nodeId: node.node_id }
    await tx.query('update nodes set cordoned = $2, updated_at = now() where id = $1', [id, cordoned])
    await recordNodeEvents(tx, [
      {
        nodeId: id,
        kind: cordoned ? 'cordoned' : 'uncordoned',
        detail: cordoned ? 'Takes no new replicas; those it has stay' : 'Takes new replicas again',
        actor: author.name,
      },
    ])
    await audit(tx, author, {
      action: cordoned ? 'node.cordon' : 'node.uncordon',
      subjectType: 'node',
      subjectId: id,
      before: { cordoned: !cordoned },
      after: { cordoned },
    })
    if (!cordoned) await wakeBlockedEvaluations(tx)
    await announce(tx, [{ topic: 'node', ids: [id] }, ...(cordoned ? [] : [{ topic: 'evaluation', ids: [] } as const])])
    return { nodeId: node.node_id }
  })
}

/** Which process speaks for the nodes of a credential: one at a time (core/agents/identity.ts says which). */
import {
  type Claim,
  type ClaimAnswer,
  type ClaimVerdict,
  type Holder,
  judgeClaim,
  type MachineFacts,
  refusalText,
  secondText,
  waitText,
} from '@/core/agents/identity'
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { hashToken } from '@/server/store/accounts/credentials'
import { heartbeatLimit } from '@/server/store/nodes/heartbeat-limits'
import { recordNodeEvents } from '@/server/store/nodes/node-rows'
import { isMovable, type Second } from '@/server/store/nodes/second-speakers'
import { type Author, audit } from '@/server/store/records/audit'

/** The caller: an agent program, by its credential, and its running process. */
export interface Speaker {
  credential: string
  /** UUID that the agent makes at each start. */
  instance: string
}

/** The part of it that is stored. */
interface RefusedSecond extends Second {
  /** The instances that events name, newest last, and the time of the last of these events. */
  named: string[]
  namedAt: string
}

interface AgentRow {
  instance: string | null
  machine: MachineFacts | null
  allowed: { instance: string; bootId: string | null; by: string } | null
  second: RefusedSecond | null
  /** Seconds since the last event about a second speaker; null if there was none. */
  named_seconds: number | null
  silent_seconds: number
  lease_seconds: number
}

interface OwnNodes {
  ids: string[]
  names: string[]
}

/** Grants the nodes of the credential to the instance, or returns the reason and what to do. */
export async function claimNodes(
  store: Store,
  { credential, instance }: Speaker,
  { claim, address }: { claim: Claim; address: string | null },
): Promise<ClaimAnswer> {
  const credentialHash = hashToken(credential)
  return transaction(store, async (tx) => {
    const agent = await lockAgent(tx, credentialHash)
    const nodes = await ownNodes(tx, credentialHash)
    if (nodes.ids.length === 0) throw new Failure('not-signed-in', await whyNoNodes(tx, credentialHash))
    const holder = holderOf(agent)
    const verdict = judgeClaim({
      holder,
      instance,
      claim,
      allowed: agent.allowed,
      leaseSeconds: agent.lease_seconds,
    })
    if (verdict.state === 'granted') {
      if (verdict.how !== 'again') await grant(tx, { credentialHash, instance, claim, nodes, agent, how: verdict.how })
      return { state: 'granted' }
    }
    if (holder === null) throw new Error('A claim is granted where nobody holds the nodes')
    const reported = { node: nodes.names[0] ?? '', more: nodes.names.length - 1, holder, machine: claim.machine }
    if (verdict.state === 'look') {
      const { pid, processStart } = holder.machine
      return { state: 'look', holder: { instance: holder.instance, pid, processStart } }
    }
    if (verdict.state === 'wait') return { state: 'wait', why: waitText(reported) }
    const second = { kind: verdict.second, instance, machine: claim.machine, address }
    await recordSecond(tx, { credentialHash, second, agent, nodes })
    return { state: 'refused', here: second.kind === 'process', why: refusalText(second.kind, reported) }
  })
}

const holderOf = ({ instance, machine, silent_seconds }: AgentRow): Holder | null =>
  instance === null || machine === null ? null : { instance, machine, offlineSeconds: silent_seconds }

/** Reads the program's row, and inserts it if there is none. It is locked before the rows of its nodes. */
async function lockAgent(tx: Tx, credentialHash: string): Promise<AgentRow> {
  await tx.query(
    `insert into agents (credential_hash) select $1
     where exists (select 1 from nodes where credential_hash = $1 and removed_at is null) on conflict do nothing`,
    [credentialHash],
  )
  const { rows } = await tx.query<AgentRow>(
    `select a.instance, a.machine, a.second, extract(epoch from now() - (a.second->>'namedAt')::timestamptz)::float8 as named_seconds,
       case when a.allowed_until > now() then a.allowed end as allowed,
       extract(epoch from now() - greatest(a.claimed_at, (
         select max(last_heartbeat) from nodes where credential_hash = a.credential_hash and removed_at is null)))::float8 as silent_seconds,
       extract(epoch from ${heartbeatLimit})::float8 as lease_seconds
     from agents a where a.credential_hash = $1 for update of a`,
    [credentialHash],
  )
  return (
    rows[0] ?? {
      instance: null,
      machine: null,
      allowed: null,
      second: null,
      named_seconds: null,
      silent_seconds: 0,
      lease_seconds: 0,
    }
  )
}

async function ownNodes(tx: Tx, credentialHash: string): Promise<OwnNodes> {
  const { rows } = await tx.query<{ id: string; node_id: string }>(
    'select id, node_id from nodes where credential_hash = $1 and removed_at is null order by node_id',
    [credentialHash],
  )
  return { ids: rows.map((row) => row.id), names: rows.map((row) => row.node_id) }
}

interface Grant {
  credentialHash: string
  instance: string
  claim: Claim
  nodes: OwnNodes
  agent: AgentRow
  how: Extract<ClaimVerdict, { state: 'granted' }>['how']
}

async function grant(tx: Tx, { credentialHash, instance, claim, nodes, agent, how }: Grant): Promise<void> {
  await setHolder(tx, { credentialHash, instance, machine: claim.machine })
  await tx.query(
    `with locked as (select id from nodes where credential_hash = $1 and removed_at is null order by id for no key update)
     update nodes n set agent_instance = $2 from locked where n.id = locked.id`,
    [credentialHash, instance],
  )
  if (how === 'moved')
    await recordNodeEvents(
      tx,
      nodes.ids.map((nodeId) => ({
        nodeId,
        kind: 'moved',
        detail: `Moved from ${agent.machine?.hostName ?? 'another machine'} to ${claim.machine.hostName}`,
        actor: agent.allowed?.by ?? 'agent',
      })),
    )
  await announce(tx, [
    { topic: 'speaker', ids: nodes.ids },
    { topic: 'node', ids: nodes.ids },
  ])
}

/** The instance of a program that joins with new nodes or whose claim was granted. */
export async function setHolder(
  tx: Tx,
  { credentialHash, instance, machine }: { credentialHash: string; instance: string; machine: MachineFacts },
): Promise<void> {
  await tx.query(
    `insert into agents (credential_hash, instance, machine, claimed_at) values ($1, $2, $3, now())
     on conflict (credential_hash) do update set instance = excluded.instance, machine = excluded.machine, claimed_at = now(),
       allowed = null, allowed_until = null, second = null, second_at = null`,
    [credentialHash, instance, JSON.stringify(machine)],
  )
}

/**
 * An instance that is refused again and again is one event; others within that minute get theirs at the next refusal
 * after it.
 */
const eventEverySeconds = 60
/** How many named copies are kept. */
const namedAtMost = 20

async function recordSecond(
  tx: Tx,
  {
    credentialHash,
    second,
    agent,
    nodes,
  }: { credentialHash: string; second: Second; agent: AgentRow; nodes: OwnNodes },
): Promise<void> {
  const named = agent.second?.named ?? []
  const isNews = !named.includes(second.instance) && (agent.named_seconds ?? Infinity) >= eventEverySeconds
  await tx.query(
    `update agents set second_at = now(), second = $2::jsonb || jsonb_build_object(
       'since', case when second->>'instance' = $3 then coalesce(second->'since', to_jsonb(second_at)) else to_jsonb(now()) end,
       'named', $4::jsonb, 'namedAt', case when $5 then to_jsonb(now()) else coalesce(second->'namedAt', to_jsonb(now())) end)
     where credential_hash = $1`,
    [
      credentialHash,
      JSON.stringify(second),
      second.instance,
      JSON.stringify(isNews ? [...named, second.instance].slice(-namedAtMost) : named),
      isNews,
    ],
  )
  if (isNews)
    await recordNodeEvents(
      tx,
      nodes.ids.map((nodeId) => ({
        nodeId,
        kind: 'refused',
        detail: secondText(second.kind, second.machine, second.address),
        actor: 'agent',
      })),
    )
  await announce(tx, [{ topic: 'node', ids: nodes.ids }])
}

/** The answer to an agent whose nodes were all removed; null if it has nodes, or never had any. */
export async function removedText(tx: Pick<Tx, 'query'>, credentialHash: string): Promise<string | null> {
  const { rows } = await tx.query<{ names: string | null; left: boolean }>(
    `select string_agg(distinct node_id, ', ') as names, coalesce(bool_or(removed_at is null), false) as left
     from nodes where credential_hash = $1`,
    [credentialHash],
  )
  const { names, left } = rows[0] ?? { names: null, left: false }
  if (names === null || left) return null
  return `${names} was removed from the fleet, and this credential is void: to bring the machine back, start its agent with an empty data folder and a join token`
}

const whyNoNodes = async (tx: Pick<Tx, 'query'>, credentialHash: string): Promise<string> =>
  (await removedText(tx, credentialHash)) ?? 'No node belongs to this credential: join again'

/** Why a call of this speaker is refused for all of its nodes. */
export async function whyRefused(tx: Pick<Tx, 'query'>, { credential, instance }: Speaker): Promise<Failure> {
  const credentialHash = hashToken(credential)
  const { rows } = await tx.query<{ node_id: string }>(
    `select node_id from nodes where credential_hash = $1 and removed_at is null and agent_instance is distinct from $2::uuid
     order by node_id limit 1`,
    [credentialHash, instance],
  )
  if (rows[0] === undefined) return new Failure('not-signed-in', await whyNoNodes(tx, credentialHash))
  return new Failure('not-holder', `This agent does not speak for ${rows[0].node_id} now: claim it first`)
}

/** The nodes for which the speaker speaks. Throws a Failure with the reason if there are none. */
export async function nodesOfSpeaker(store: Store, speaker: Speaker): Promise<Set<string>> {
  const { rows } = await store.pool.query<{ id: string }>({
    name: 'nodes-of-speaker',
    text: 'select id from nodes where credential_hash = $1 and agent_instance = $2 and removed_at is null',
    values: [hashToken(speaker.credential), speaker.instance],
  })
  if (rows.length === 0) throw await whyRefused(store.pool, speaker)
  return new Set(rows.map((row) => row.id))
}

/** Another machine may take the node over at its next claim, which it makes every few seconds. */
const allowedSeconds = 3600

/**
 * Lets a machine that was refused take the place of the one that speaks for the node, with all nodes of that program.
 * `instance` is the one that was shown: another one may have come since.
 */
export async function allowMove(
  store: Store,
  author: Author,
  { id, instance }: { id: string; instance: string },
): Promise<{ nodeId: string; to: string }> {
  if (!isUuid(id)) throw notFound('node', id)
  return transaction(store, async (tx) => {
    const { rows } = await tx.query<{
      credential_hash: string
      node_id: string
      second: Second | null
      machine: MachineFacts | null
    }>(
      `select a.credential_hash, n.node_id, a.second, a.machine from nodes n join agents a on a.credential_hash = n.credential_hash
       where n.id = $1 and n.removed_at is null for update of a`,
      [id],
    )
    const row = rows[0]
    if (!row) throw notFound('node', id)
    const { second, machine } = row
    if (second?.instance !== instance)
      throw new Failure('conflict', 'That machine does not ask for this node any more: look again')
    if (machine && !isMovable(machine, second))
      throw new Failure('conflict', 'Both agents run on one machine: end one of them')
    const allowed = { instance, bootId: second.machine.bootId, by: author.name }
    await tx.query(
      'update agents set allowed = $2, allowed_until = now() + make_interval(secs => $3) where credential_hash = $1',
      [row.credential_hash, JSON.stringify(allowed), allowedSeconds],
    )
    const to = second.machine.hostName
    await audit(tx, author, {
      action: 'node.move',
      subjectType: 'node',
      subjectId: id,
      before: { machine: machine?.hostName ?? null },
      after: { machine: to },
    })
    const { ids } = await ownNodes(tx, row.credential_hash)
    await announce(tx, [{ topic: 'node', ids }])
    return { nodeId: row.node_id, to }
  })
}

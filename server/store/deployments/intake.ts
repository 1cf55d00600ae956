import { v7 as uuid } from 'uuid'
import { Failure } from '@/core/contract/failure'
import type { Constraint } from '@/core/placement/constraint'
import type { PlacementRulesSpec } from '@/core/placement/preferences'
import { coresOfMillis, type DeploymentType, type Resources } from '@/core/placement/resources'
import type { Policy } from '@/core/placement/types'
import { groupCommit } from '@/server/db/batch'
import { isUniqueViolation, noteDatabaseProblem, type Store } from '@/server/db/client'
import { changePayloads } from '@/server/db/notify'
import { jsonArray, plainArray, textArray } from '@/server/db/pg-arrays'
import { envPlace } from '@/server/lib/seal'
import type { Actor } from '@/server/store/records/audit'

export interface NewDeployment {
  name: string
  type: DeploymentType
  image: string
  replicas: number
  resources: Resources
  region: string | null
  waitForCapacity: boolean
  maxPerNode: number
  /** Seconds for which a node is offline before its replicas are lost; 0 = never. */
  lostAfterSeconds: number
  constraints: Constraint[]
  /** Null if there are none. */
  placementRules: PlacementRulesSpec | null
  /** Null means the policy of the installation. */
  policy: Policy | null
  /** 0..100; higher is scheduled first. */
  priority: number
  ports: { container: number; host: number | null }[]
  env: Record<string, string>
}

/** The idempotency key: a repeated call gets the first answer. `requestHash` identifies the request. */
interface Idempotency {
  key: string
  requestHash: string
}

interface Order<Answer> {
  id: string
  actor: Actor
  input: NewDeployment
  idempotency: Idempotency | null
  answer: Answer
}

interface Accepted<Answer> {
  answer: Answer
  /** Whether the answer is that of an earlier call with the same key. */
  repeated: boolean
}

export interface Intake {
  /**
   * Accepts a deployment: itself, its resources, its first history row, its evaluation, the audit entry and the
   * idempotency key, in one commit. Resolves after the commit; throws a Failure when the key was used for another
   * request, or when another deployment has the name (unless the installation allows repeated names).
   */
  accept<Answer extends object>(
    actor: Actor,
    input: NewDeployment,
    options: { idempotency: Idempotency | null; answer: (deploymentId: string) => Answer },
  ): Promise<Accepted<Answer>>
}

/** The most deployments in one statement; more would gain nothing. */
const batchLimit = 500
/** Statements in flight: while one waits for the disk, the next is executed. */
const statementsAtOnce = 3

/**
 * Gathers calls without a timer. Of two calls with one idempotency key the second must find the answer of the first, and of
 * two with one name the second must find that the name is taken.
 */
export function createIntake(store: Store): Intake {
  /** Null if an earlier call had the key, or another deployment has the name. */
  const write = groupCommit<Order<object>, object | null>({
    limit: batchLimit,
    atOnce: statementsAtOnce,
    apart: ({ idempotency, actor, input }) =>
      idempotency ? [input.name, `${actor.id} ${idempotency.key}`] : [input.name],
    write: async (orders) => {
      const refused = await insertOrders(store, orders).catch((error: unknown) => {
        noteDatabaseProblem(store, error)
        throw error
      })
      return orders.map((order) => (refused.has(order.id) ? null : order.answer))
    },
  })
  const accept = async (order: Order<object>): Promise<Accepted<object>> => {
    const answer = await write(order).catch((error: unknown) => {
      // Another process took the name at the same moment: its row exists now, and the same statement finds it.
      if (!isUniqueViolation(error)) throw error
      return write(order)
    })
    if (answer !== null) return { answer, repeated: false }
    const first = await firstAnswer(store, order)
    if (first === null) throw await nameTaken(store, order.input.name)
    return { answer: first, repeated: true }
  }
  return {
    accept: (actor, input, { idempotency, answer }) => {
      const id = uuid()
      // The acceptor hands back the very answer that it was given, or one that was stored from the same function.
      return accept({ id, actor, input, idempotency, answer: answer(id) }) as Promise<
        Accepted<ReturnType<typeof answer>>
      >
    },
  }
}

/** Says which deployment has the name. */
async function nameTaken(store: Store, name: string): Promise<Failure> {
  const { rows } = await store.pool.query<{ id: string }>(
    'select id from deployments where name = $1 and deleted_at is null order by created_at limit 1',
    [name],
  )
  // It may have been deleted since: then the next try succeeds.
  const holder = rows[0] ? `deployment ${rows[0].id}` : 'another deployment'
  return new Failure(
    'conflict',
    `The name ${name} belongs to ${holder}: choose another name, or delete that one first`,
    {
      fields: [{ path: 'name', message: `The name belongs to ${holder}` }],
    },
  )
}

/** The answer that the first call with the key got; null when there was none. */
async function firstAnswer(store: Store, { actor, idempotency }: Order<object>): Promise<object | null> {
  if (!idempotency) return null
  const { rows } = await store.pool.query<{ request_hash: string; response: object }>(
    'select request_hash, response from idempotency_keys where user_id = $1 and key = $2',
    [actor.id, idempotency.key],
  )
  const first = rows[0]
  if (!first) return null
  if (first.request_hash !== idempotency.requestHash)
    throw new Failure(
      'conflict',
      'This Idempotency-Key was used for another request: use a new key for a new deployment',
    )
  return first.response
}

/**
 * Writes the orders in one statement and so in one commit; hands back the ids of those that were not written, because
 * their key was used before or their name is taken. Between processes the unique index on name_claim decides who has a
 * name: the loser's statement fails as a whole. The first history row and the first evaluation of a deployment have its own id: one less to make and to send.
 */
async function insertOrders(store: Store, orders: Order<object>[]): Promise<Set<string>> {
  const column = <T>(pick: (order: Order<object>) => T): T[] => orders.map(pick)
  const actors = distinctActors(column((order) => order.actor))
  const { rows } = await store.pool.query<{ id: string | null }>({
    name: 'accept-deployments',
    text: `
      with rule as (
        select coalesce((select value from settings where key = 'allowRepeatedNames'), 'false') = 'true' as repeats_allowed
      ), taken as (
        select name from unnest($6::text[]) as n(name)
        where not (select repeats_allowed from rule)
          and exists (select 1 from deployments d where d.name = n.name and d.deleted_at is null)
      ), used as (
        insert into idempotency_keys (user_id, key, request_hash, response)
        select ($3::uuid[])[who], key, request_hash, response
        from unnest($2::int[], $25::text[], $26::text[], $27::jsonb[], $6::text[]) as k(who, key, request_hash, response, name)
        where key is not null and name not in (select name from taken) on conflict do nothing returning user_id, key
      ), fresh as (
        select i.*, ($3::uuid[])[who] as user_id, ($4::text[])[who] as actor, ($5::text[])[who] as address,
          ($29::uuid[])[who] as api_token_id
        from unnest($1::uuid[], $2::int[], $6::text[], $7::text[], $8::text[], $9::int[], $10::text[], $11::boolean[], $12::int[],
          $13::int[], $14::jsonb[], $15::jsonb[], $16::text[], $17::bytea[], $18::jsonb[], $19::jsonb[], $20::int[], $21::float8[],
          $22::int[], $23::int[], $24::int[], $25::text[])
        as i(id, who, name, type, image, replicas, region, wait_for_capacity, max_per_node, lost_after, constraints, ports,
          env_names, env_sealed, policy, placement_rules, priority, cpu_cores, memory_mb, gpu_units, storage_gb, key)
        where i.name not in (select name from taken)
          and (i.key is null or exists (select 1 from used u where u.user_id = ($3::uuid[])[who] and u.key = i.key))
      ), deployment as (
        insert into deployments (id, name, type, user_id, container_image, status, target_replicas, region, wait_for_capacity,
          max_per_node, constraints, placement_rules, ports, env_names, env_sealed, policy, priority, lost_after_seconds,
          name_claim, updated_at)
        select id, name, type, user_id, image, 'pending', replicas, region, wait_for_capacity, max_per_node,
          coalesce(constraints, '[]'), placement_rules, coalesce(ports, '[]'), coalesce(env_names, '{}')::text[], env_sealed, policy, priority,
          lost_after, case when (select repeats_allowed from rule) then null else name end, now() from fresh
      ), resources as (
        insert into deployment_resources (id, deployment_id, cpu_cores, memory_mb, gpu_units, storage_gb)
        select id, id, cpu_cores, memory_mb, gpu_units, storage_gb from fresh
      ), history as (
        insert into deployment_status_history (id, deployment_id, old_status, new_status, changed_by, reason)
        select id, id, 'none', 'pending', actor, 'Deployment accepted' from fresh
      ), evaluation as (
        insert into evaluations (id, deployment_id, trigger, priority) select id, id, 'deploy', priority from fresh
      ), entry as (
        insert into audit_log (actor, action, subject_type, subject_id, after, address, api_token_id)
        select actor, 'deployment.create', 'deployment', id::text,
          jsonb_build_object('name', name, 'image', image, 'replicas', replicas, 'region', region), address, api_token_id from fresh
      ), notified as (
        select count(pg_notify('fogdeck', payload)) from unnest($28::text[]) payload
      )
      -- Hardly any: all the others are not worth sending.
      select refused.id from notified left join (
        select k.id from unnest($1::uuid[], $2::int[], $25::text[], $6::text[]) as k(id, who, key, name)
        where k.name in (select name from taken)
          or k.key is not null and not exists (select 1 from used u where u.user_id = ($3::uuid[])[who] and u.key = k.key)
      ) refused on true`,
    // What is left at its default is not worth sending.
    values: [
      plainArray(column((order) => order.id)),
      plainArray(actors.indexes),
      plainArray(actors.distinct.map(({ id }) => id)),
      textArray(actors.distinct.map(({ name }) => name)),
      textArray(actors.distinct.map(({ address }) => address)),
      textArray(column(({ input }) => input.name)),
      plainArray(column(({ input }) => input.type)),
      textArray(column(({ input }) => input.image)),
      plainArray(column(({ input }) => input.replicas)),
      textArray(column(({ input }) => input.region)),
      plainArray(column(({ input }) => input.waitForCapacity)),
      plainArray(column(({ input }) => input.maxPerNode)),
      plainArray(column(({ input }) => input.lostAfterSeconds)),
      jsonArray(column(({ input }) => (input.constraints.length > 0 ? input.constraints : null))),
      jsonArray(column(({ input }) => (input.ports.length > 0 ? input.ports : null))),
      textArray(column(({ input }) => envNames(input.env))),
      textArray(column(({ id, input }) => sealedEnv(store, id, input.env))),
      jsonArray(column(({ input }) => input.policy)),
      jsonArray(column(({ input }) => input.placementRules)),
      plainArray(column(({ input }) => input.priority)),
      plainArray(column(({ input }) => coresOfMillis(input.resources.cpuMillis))),
      plainArray(column(({ input }) => input.resources.memoryMb)),
      plainArray(column(({ input }) => input.resources.gpuUnits)),
      plainArray(column(({ input }) => input.resources.storageGb)),
      textArray(column(({ idempotency }) => idempotency?.key ?? null)),
      textArray(column(({ idempotency }) => idempotency?.requestHash ?? null)),
      jsonArray(column(({ idempotency, answer }) => (idempotency ? answer : null))),
      changePayloads([
        { topic: 'deployment', ids: column((order) => order.id) },
        { topic: 'evaluation', ids: [] },
      ]),
      textArray(actors.distinct.map(({ apiTokenId }) => apiTokenId)),
    ],
  })
  return new Set(rows.flatMap(({ id }) => id ?? []))
}

/** Few people deploy much: each is sent once, and the orders have its place, counted from 1 as PostgreSQL counts. */
function distinctActors(actors: readonly Actor[]): { distinct: Actor[]; indexes: number[] } {
  const distinct = new Map<string, { actor: Actor; index: number }>()
  const indexes = actors.map((actor) => {
    const key = `${actor.id} ${actor.apiTokenId} ${actor.address} ${actor.name}`
    const known = distinct.get(key)
    if (known) return known.index
    const index = distinct.size + 1
    distinct.set(key, { actor, index })
    return index
  })
  return { distinct: Array.from(distinct.values(), ({ actor }) => actor), indexes }
}

/** An array of arrays can't be unnested into arrays; names have no characters that would need quoting. */
function envNames(env: Record<string, string>): string | null {
  const names = Object.keys(env)
  return names.length > 0 ? `{${names.join(',')}}` : null
}

const sealedEnv = (store: Store, id: string, env: Record<string, string>): string | null =>
  envNames(env) === null ? null : `\\x${store.sealer.seal(env, envPlace(id)).toString('hex')}`

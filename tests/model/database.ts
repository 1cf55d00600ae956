/**
 * The specification of one deployment with its evaluations, its replicas and two nodes in the database, and of every
 * transaction that changes them: small enough to be explored completely, precise enough to be compared with the real
 * store. Pure, and written without reading the code that it is compared with. Only terms and statuses are shared.
 */
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'

export interface Replica {
  slot: number
  generation: number
  node: number
  status: ReplicaStatus
  /** Whether the replica is desired to run. */
  run: boolean
  /** Whether its reservation is held. */
  held: boolean
}

export interface Evaluation {
  status: 'pending' | 'leased' | 'blocked' | 'dead'
  attempts: number
  /** Who holds the lease, and since which term. */
  by: number | null
  epoch: number
  expired: boolean
}

export interface Database {
  epoch: number
  deployment: { status: DeploymentStatus; target: number; version: number } | null
  /** Replicas that hold a reservation, and the newest of each slot. */
  replicas: readonly Replica[]
  /** Evaluations that are not done, ordered by when they became due. */
  evaluations: readonly Evaluation[]
  /** `rival`: units of the node that another deployment holds. */
  nodes: readonly { online: boolean; rival: number }[]
}

export interface Committer {
  by: number
  epoch: number
}

/** What a scheduler read of the deployment, and what it plans to do. */
export interface Plan {
  version: number
  status: DeploymentStatus
  place: readonly { slot: number; generation: number; node: number }[]
  stop: readonly { slot: number; generation: number }[]
  to: DeploymentStatus | null
  ends: 'done' | 'blocked'
}

/** Each is a mechanism that can be switched off, to see which violation it prevents. */
export interface Rules {
  fence: boolean
  lease: boolean
  version: boolean
  capacity: boolean
  /** A reservation is held until the container is known to be gone. */
  hold: boolean
  /** Statuses of replicas never go back. */
  table: boolean
  /** The evaluation is written in the same transaction as the change that needs it. */
  enqueue: boolean
  /** The deployment fails together with its dead evaluation. */
  markDead: boolean
  /** `running` is set only by reports of agents. */
  seen: boolean
  /** Agents find their containers by label after a restart. */
  adopt: boolean
  /** Agents stop undesired containers by slot and generation. */
  generation: boolean
  /** Agents wait until an older container of the slot has ended. */
  wait: boolean
}

export const allRules: Rules = {
  fence: true,
  lease: true,
  version: true,
  capacity: true,
  hold: true,
  table: true,
  enqueue: true,
  markDead: true,
  seen: true,
  adopt: true,
  generation: true,
  wait: true,
}

/** The number of replicas that fit on a node. */
export const capacity = 2
export const maxAttempts = 2

/** Refusals of a commit. Otherwise the result is the database after it. */
export type Refusal = 'stale leader' | 'lost race'

export const emptyDatabase: Database = {
  epoch: 0,
  deployment: null,
  replicas: [],
  evaluations: [],
  nodes: [
    { online: true, rival: 0 },
    { online: true, rival: 0 },
  ],
}

const live: readonly ReplicaStatus[] = ['pending', 'starting', 'running']
export const isLive = ({ status }: Replica): boolean => live.includes(status)
export const desiredAndLive = (replica: Replica): boolean => replica.run && isLive(replica)
const isOpen = ({ status }: Evaluation): boolean => status === 'pending' || status === 'blocked'
export const same = (a: { slot: number; generation: number }, b: { slot: number; generation: number }): boolean =>
  a.slot === b.slot && a.generation === b.generation

export const reservedOn = (db: Database, node: number): number =>
  (db.nodes[node]?.rival ?? 0) + db.replicas.filter((one) => one.node === node && one.held).length

/** Drops previous instances that have a newer one in their slot: nothing depends on them any more. */
const rebuild = (replicas: readonly Replica[]): Replica[] =>
  replicas.filter((one) => one.held || !replicas.some((o) => o.slot === one.slot && o.generation > one.generation))

/** At most one evaluation waits; a blocked one becomes due again. */
export const enqueue = (db: Database): Database => {
  const waits = db.evaluations.some(isOpen)
  const evaluations = waits
    ? db.evaluations.map((one) => (isOpen(one) ? { ...one, status: 'pending' as const } : one))
    : [...db.evaluations, { status: 'pending' as const, attempts: 0, by: null, epoch: 0, expired: false }]
  return { ...db, evaluations }
}

/** Capacity appeared: a blocked evaluation becomes due, behind those that were due before. */
export const wake = (db: Database): Database => {
  const blocked = db.evaluations.filter((one) => one.status === 'blocked')
  const others = db.evaluations.filter((one) => one.status !== 'blocked')
  return { ...db, evaluations: [...others, ...blocked.map((one) => ({ ...one, status: 'pending' as const }))] }
}

const moveTo = (db: Database, status: DeploymentStatus): Database =>
  db.deployment ? { ...db, deployment: { ...db.deployment, status } } : db

export const deploy = (db: Database, target: number, rules: Rules = allRules): Database => {
  const accepted: Database = { ...db, deployment: { status: 'pending', target, version: 1 } }
  return rules.enqueue ? enqueue(accepted) : accepted
}

/** A person changes the desired state or retries: dead evaluations are resolved. */
export const reopen = (db: Database, target: number): Database => {
  if (!db.deployment) return db
  const alive = db.evaluations.filter((one) => one.status !== 'dead')
  return enqueue({
    ...db,
    deployment: { status: 'pending', target, version: db.deployment.version + 1 },
    evaluations: alive,
  })
}

export const remove = (db: Database): Database =>
  db.deployment
    ? {
        ...db,
        deployment: { ...db.deployment, status: 'deleted', version: db.deployment.version + 1 },
        replicas: db.replicas.map((one) => (one.held ? { ...one, run: false } : one)),
        evaluations: db.evaluations.filter((one) => one.status === 'leased'),
      }
    : db

const mayBeClaimed = (one: Evaluation, epoch: number): boolean =>
  one.status === 'pending' || (one.status === 'leased' && (one.expired || one.epoch < epoch))

/** The index of the evaluation that a claim of this kind takes, or -1. */
export const claimable = (db: Database, epoch: number, which: 'fresh' | 'retried'): number =>
  db.evaluations.findIndex((one) => mayBeClaimed(one, epoch) && (which === 'fresh') === (one.attempts === 0))

export function claim(
  db: Database,
  { by, epoch }: Committer,
  { which, rules = allRules }: { which: 'fresh' | 'retried'; rules?: Rules },
): Database | Refusal {
  if (rules.fence && epoch !== db.epoch) return 'stale leader'
  const place = claimable(db, epoch, which)
  const evaluations = db.evaluations.map(
    (one, i): Evaluation =>
      i === place ? { status: 'leased', attempts: one.attempts + 1, by, epoch, expired: false } : one,
  )
  return { ...db, evaluations }
}

const holds = (one: Evaluation | undefined, { by, epoch }: Committer): boolean =>
  one?.status === 'leased' && one.by === by && one.epoch === epoch

/** Commits a plan for the evaluation at `place`, completely or not at all. */
export function commit(
  db: Database,
  committer: Committer,
  { place, plan, rules = allRules }: { place: number; plan: Plan; rules?: Rules },
): Database | Refusal {
  const { deployment } = db
  if (rules.fence && committer.epoch !== db.epoch) return 'stale leader'
  if (!deployment) return 'lost race'
  if (rules.version && (deployment.version !== plan.version || deployment.status !== plan.status)) return 'lost race'
  if (rules.lease && !holds(db.evaluations[place], committer)) return 'lost race'
  const stopped = db.replicas.map((one) =>
    one.held && plan.stop.some((stop) => same(stop, one)) ? { ...one, run: false } : one,
  )
  const placed = plan.place.map((one): Replica => ({ ...one, status: 'pending', run: true, held: true }))
  if (placed.some((one) => db.replicas.some((other) => same(one, other)))) return 'lost race'
  const others = db.evaluations.filter((_, i) => i !== place)
  const waits = plan.ends === 'blocked' && !others.some(isOpen)
  const blocked: Evaluation = {
    status: 'blocked',
    attempts: 0,
    by: null,
    epoch: 0,
    expired: false,
  }
  const next = {
    ...db,
    replicas: rebuild([...stopped, ...placed]),
    evaluations: waits ? db.evaluations.map((one, i) => (i === place ? blocked : one)) : others,
  }
  const nodes = new Set(placed.map((one) => one.node))
  for (const node of nodes) {
    if (!db.nodes[node]?.online) return 'lost race'
    if (rules.capacity && reservedOn(next, node) > capacity) return 'lost race'
  }
  const to = plan.to === 'scheduled' && !rules.seen ? 'running' : plan.to
  return to !== null && to !== deployment.status ? moveTo(next, to) : next
}

/** The evaluation failed unexpectedly: it is due again later, merged with one that waits already. */
export function release(db: Database, committer: Committer, place: number): Database {
  const mine = db.evaluations[place]
  if (committer.epoch !== db.epoch || !mine || !holds(mine, committer)) return db
  const others = db.evaluations.filter((_, i) => i !== place)
  const heir = others.find(isOpen)
  const later = heir ? { ...heir, attempts: Math.max(heir.attempts, mine.attempts) } : unleased(mine.attempts)
  return { ...db, evaluations: [...others.filter((one) => one !== heir), later] }
}

const unleased = (attempts: number): Evaluation => ({
  status: 'pending',
  attempts,
  by: null,
  epoch: 0,
  expired: false,
})

/** A scheduler that stops releases its lease, as if it had never claimed the evaluation. */
export function handBack(db: Database, committer: Committer): Database {
  const place = db.evaluations.findIndex((one) => holds(one, committer))
  const mine = db.evaluations[place]
  if (!mine) return db
  const others = db.evaluations.filter((_, i) => i !== place)
  const evaluations = others.some(isOpen)
    ? others
    : db.evaluations.map((one, i) => (i === place ? unleased(mine.attempts - 1) : one))
  return { ...db, evaluations }
}

/** After the last attempt the evaluation is dead, and the deployment has failed. */
export function markDead(
  db: Database,
  committer: Committer,
  { place, rules = allRules }: { place: number; rules?: Rules },
): Database | Refusal {
  const mine = db.evaluations[place]
  if (rules.fence && committer.epoch !== db.epoch) return 'stale leader'
  if (!mine || !holds(mine, committer)) return db
  const status = db.deployment?.status
  const open = status === 'pending' || status === 'scheduled' || status === 'running'
  const others = db.evaluations.filter((_, i) => i !== place)
  if (!open) return { ...db, evaluations: others }
  const dead: Evaluation = { status: 'dead', attempts: mine.attempts, by: null, epoch: 0, expired: false }
  const buried = { ...db, evaluations: [...others.filter((one) => !isOpen(one)), dead] }
  return rules.markDead ? moveTo(buried, 'failed') : buried
}

export interface Report {
  slot: number
  generation: number
  node: number
  status: 'starting' | 'running' | 'stopping' | 'stopped' | 'failed'
  gone: boolean
}

const ways: Record<ReplicaStatus, readonly ReplicaStatus[]> = {
  pending: ['starting', 'running', 'stopping', 'stopped', 'failed', 'lost'],
  starting: ['running', 'stopping', 'stopped', 'failed', 'lost'],
  running: ['stopping', 'stopped', 'failed', 'lost'],
  stopping: ['stopped', 'failed', 'lost'],
  stopped: [],
  failed: [],
  lost: ['stopped'],
}

/** Applies what an agent saw. A repeated or late report changes nothing. */
export function report(db: Database, reported: Report, rules: Rules = allRules): Database {
  const found = db.replicas.find((one) => same(one, reported) && one.node === reported.node)
  if (!found) return db
  // A lost replica that had also failed by itself has simply ended.
  const said = found.status === 'lost' && reported.status === 'failed' ? 'stopped' : reported.status
  const moves = found.status !== said && (ways[found.status].includes(said) || !rules.table)
  const status = moves ? said : found.status
  const ends = moves && !live.includes(status) && found.run
  const frees = reported.gone && found.held && !live.includes(status)
  const next: Replica = { ...found, status, run: found.run && !ends, held: found.held && !frees }
  const observed = follow(
    { ...db, replicas: db.replicas.map((one) => (one === found ? next : one)) },
    moves || found.status === said,
  )
  const queued = ends ? enqueue(observed) : observed
  const woken = frees ? wake(queued) : queued
  return { ...woken, replicas: rebuild(woken.replicas) }
}

/** Derives the deployment's status from its replicas, unless another transition has to change it. */
function follow(db: Database, observed: boolean): Database {
  const { deployment, replicas } = db
  if (!observed || !deployment) return db
  const { status, target } = deployment
  if (status !== 'pending' && status !== 'scheduled' && status !== 'running') return db
  if (target === 0) return replicas.some((one) => one.held) ? db : moveTo(db, 'stopped')
  if (status === 'pending') return db
  const slots = Array.from({ length: target }, (_, slot) =>
    replicas.filter((one) => one.slot === slot && desiredAndLive(one)),
  )
  if (slots.some((attempts) => attempts.length === 0)) return moveTo(db, 'pending')
  const all = slots.every((attempts) => attempts.some((one) => one.status === 'running'))
  return all && status === 'scheduled' ? moveTo(db, 'running') : db
}

/** The node was offline for so long that its replicas are lost: they are replaced, and stopped when it returns. */
export function lose(
  db: Database,
  committer: Committer,
  { node, rules = allRules }: { node: number; rules?: Rules },
): Database | Refusal {
  if (rules.fence && committer.epoch !== db.epoch) return 'stale leader'
  const lost = db.replicas.filter((one) => one.node === node && one.held && desiredAndLive(one))
  if (lost.length === 0) return db
  const replicas = db.replicas.map(
    (one): Replica => (lost.includes(one) ? { ...one, status: 'lost', run: false, held: rules.hold } : one),
  )
  return enqueue(follow({ ...db, replicas }, true))
}

export const setOnline = (db: Database, node: number, online: boolean): Database => ({
  ...db,
  nodes: db.nodes.map((one, i) => (i === node ? { ...one, online } : one)),
})

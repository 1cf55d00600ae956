/** Checks everything again and again during the attack, and once more, completely, when everything has settled. */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { openStore, type Store } from '@/server/db/client'
import type { CallLog } from './book'
import { checkContents } from './checks/content'
import { CutOff, checkDoubles, checkSlots, differences, Reservations, UnseenRunners } from './checks/engines'
import { Speakers } from './checks/identity'
import { checkTerms, Replays } from './checks/records'
import { checkJudgements, countReporting } from './checks/slowness'
import { checkAccepted, checkCapacity, checkHistory, checkHolders, checkIdempotency } from './checks/tables'
import { Containers, type FoundContainer } from './containers'
import type { Database } from './database'
import type { Ledger } from './ledger'
import { readHistory, readJudgements, readSnapshot, readStatuses, type Snapshot } from './snapshot'
import type { Stack } from './stack'
import { Timeline } from './timeline'

interface WatchOptions {
  stack: Stack
  database: Database
  callLog: CallLog
  ledger: Ledger
}

const everyMs = 1_000
/** Each round checks histories that changed in this time, which leaves a margin for a slow round. */
const recentSeconds = 30
const replaysPerRound = 15
/** Statements that check constraints and unique indexes must refuse. */
const refusals = {
  'over-reserving a node': {
    sql: `update nodes set reserved_cpu_millis = floor(cpu_cores * 1000) + 1 where id = (select id from nodes limit 1)`,
    state: '23514',
  },
  'doubling an attempt at a slot': {
    sql: `insert into deployment_replicas (id, deployment_id, node_id, slot, generation, cpu_millis, memory_mb, gpu_units, storage_gb)
      select gen_random_uuid(), deployment_id, node_id, slot, generation, 0, 0, 0, 0 from deployment_replicas limit 1`,
    state: '23505',
  },
}

const refusalsEveryRounds = 10

export class Watch {
  readonly containers: Containers
  readonly cutOff: CutOff
  readonly speakers: Speakers
  readonly timeline = new Timeline()
  /** Completed rounds, and rounds that failed because the database was away. */
  rounds = 0
  missed = 0
  private readonly unseen: UnseenRunners
  private readonly reservations = new Reservations()
  private readonly replays = new Replays()
  /** Replicas that are to stop. */
  private leaving = new Set<string>()

  constructor(private readonly options: WatchOptions) {
    this.containers = new Containers(options.stack)
    this.unseen = new UnseenRunners(this.containers)
    this.speakers = new Speakers(options.database, options.ledger, this.timeline)
    this.cutOff = new CutOff(this.containers, ({ replicaId }) => this.leaving.has(replicaId))
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isThere = await this.round().then(
        () => true,
        (error) => isAway(error),
      )
      if (isThere === true) this.rounds += 1
      else this.missed += 1
      await sleep(everyMs, undefined, { signal }).catch(() => undefined)
    }
  }

  /**
   * Waits until everything is in its desired state. Returns null then, or the differences that remain after `graceMs`.
   */
  async settle(graceMs: number): Promise<string[] | null> {
    const deadline = performance.now() + graceMs
    for (;;) {
      const problems = await this.unrest().catch((error) => {
        if (!isAwayError(error)) throw error
        return ['the database does not answer']
      })
      if (problems.length === 0) return null
      if (performance.now() > deadline) return problems
      await sleep(500)
    }
  }

  /** The final checks, once everything is quiet. */
  async finish(): Promise<{ snapshot: Snapshot; containers: FoundContainer[] }> {
    const { database, ledger } = this.options
    const { snapshot, containers } = await this.inspectAll(null)
    checkSlots(ledger, containers)
    await database.snapshot((client) => checkTerms(ledger, client))
    await this.withStore(async (store) => {
      while ((await this.replays.check(ledger, store, 100)) > 0) {}
    })
    await this.checkRefusals()
    return { snapshot, containers }
  }

  /** Checks replicas whose containers were paused for a while. */
  async checkThawed(replicaIds: string[]): Promise<void> {
    const { database, ledger } = this.options
    const sql = 'select id, status, reason from deployment_replicas where id = any($1::uuid[])'
    const answer = await database
      .query<{ id: string; status: string; reason: string }>(sql, [replicaIds])
      .catch(() => null)
    for (const row of answer?.rows ?? [])
      ledger.check('slowness', row.status !== 'failed', `paused ${row.id}`, () => ({
        what: `Replica ${row.id} failed while its container was paused: ${row.reason}`,
        evidence: row,
      }))
  }

  private async round(): Promise<void> {
    await this.inspectAll(recentSeconds)
    await this.withStore((store) => this.replays.check(this.options.ledger, store, replaysPerRound))
    if (this.rounds % refusalsEveryRounds === 0) await this.checkRefusals()
  }

  private async inspectAll(recent: number | null): Promise<{ snapshot: Snapshot; containers: FoundContainer[] }> {
    const { database, callLog, ledger } = this.options
    const promised = callLog.settled()
    const containers = await this.containers.inspect()
    const { snapshot, judgements, deployments, replicas } = await database.snapshot(async (client) => ({
      snapshot: await readSnapshot(client),
      judgements: await readJudgements(client, recent),
      deployments: await chainsOf(client, 'deployment', recent),
      replicas: await chainsOf(client, 'replica', recent),
    }))
    this.leaving = new Set(snapshot.replicas.filter(({ wanted }) => wanted === 'stop').map(({ id }) => id))
    checkCapacity(ledger, snapshot)
    checkHolders(ledger, snapshot)
    checkAccepted(
      ledger,
      snapshot,
      promised.filter((entry) => callLog.isUnchanged(entry)),
    )
    checkIdempotency(ledger, snapshot, callLog.idsOfKey)
    checkHistory(ledger, 'deployment', deployments)
    checkHistory(ledger, 'replica', replicas)
    checkDoubles(ledger, containers)
    this.unseen.check(ledger, snapshot)
    this.reservations.check(ledger, snapshot, containers)
    checkContents(ledger, snapshot, containers)
    this.speakers.check(snapshot.speakers)
    countReporting(ledger, snapshot)
    checkJudgements(ledger, judgements, this.timeline.spells)
    return { snapshot, containers }
  }

  /** Everything that is unfinished or untrue at this moment. */
  private async unrest(): Promise<string[]> {
    const { database } = this.options
    const { snapshot, waiting, blocked } = await database.snapshot(async (client) => ({
      snapshot: await readSnapshot(client),
      waiting: await evaluations(client, ['pending', 'leased']),
      blocked: await evaluations(client, ['blocked']),
    }))
    const containers = await this.containers.inspect()
    const problems = differences(snapshot, containers)
    for (const id of waiting) problems.push(`an evaluation of ${id} is not done`)
    for (const {
      id,
      name,
      status,
      target_replicas: target,
      revision,
      wait_for_capacity: waits,
    } of snapshot.deployments) {
      const running = snapshot.replicas.filter(
        (replica) => replica.deployment_id === id && replica.status === 'running',
      )
      const isTrue =
        status === 'deleted' || status === 'failed'
          ? true
          : status === 'stopped'
            ? target === 0
            : status === 'running'
              ? running.length >= target
              : status === 'pending' && waits && blocked.has(id)
      const isOld = status === 'running' && running.some((replica) => replica.revision !== revision)
      if (isOld) problems.push(`${name} runs another revision than ${revision}`)
      if (!isTrue) problems.push(`${name} is ${status} with ${running.length} of ${target} running`)
    }
    return problems
  }

  private async checkRefusals(): Promise<void> {
    const { database, ledger } = this.options
    for (const [what, { sql, state }] of Object.entries(refusals)) {
      const answer = await database.refusal(sql)
      // These statements may also fail on a lock or a shutdown; only a statement that succeeds is a violation.
      ledger.check('refusals', answer !== null, what, () => ({
        what: `The database allows ${what}`,
        evidence: { sql, expected: state, answer },
      }))
    }
  }

  private async withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const { databaseUrl, sealKey } = this.options.stack
    const store = openStore(databaseUrl, { sealKey, maxConnections: 2, onConnectionError: () => undefined })
    try {
      return await work(store)
    } finally {
      await store.close()
    }
  }
}

async function chainsOf(client: pg.Client, of: 'deployment' | 'replica', recent: number | null) {
  const rows = await readHistory(client, of, recent)
  const ids = recent === null ? null : [...new Set(rows.map((row) => row.subject))]
  return { rows, statuses: await readStatuses(client, of, ids) }
}

async function evaluations(client: pg.Client, statuses: string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ deployment_id: string }>(
    'select deployment_id from evaluations where status = any($1::text[])',
    [statuses],
  )
  return new Set(rows.map((row) => row.deployment_id))
}

const isAway = (error: unknown): false => {
  if (!isAwayError(error)) throw error
  return false
}

/** Errors that mean that the database is away. Mistakes of the harness are not among them. */
const isAwayError = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? String(error.code) : ''
  return (
    /^(57P0|08|ECONN|EPIPE)/.test(code) ||
    /Connection terminated|timeout|not queryable|connection error|Query read timeout/i.test(error.message)
  )
}

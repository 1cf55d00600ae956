/** The disk space of records, including indexes. */
import { seeded } from '@/agent/lib/random'
import type { BenchAgent } from '@/bench/common/agents'
import { accept, type Scratch } from '@/bench/common/scratch'
import type { Store } from '@/server/db/client'
import type { NewDeployment } from '@/server/store/deployments/intake'
import { claimEvaluations } from '@/server/store/queue/evaluations'
import { evaluate, type Scheduling } from '@/server/worker/evaluate'

interface OnDisk {
  decisions: number
  journal: number
  total: number
}

export async function recordsOnDisk(store: Store): Promise<OnDisk> {
  const { rows } = await store.pool.query<{ decisions: number; journal: number }>(
    `select pg_total_relation_size('decisions')::float8 as decisions, pg_total_relation_size('fleet_journal')::float8 as journal`,
  )
  const { decisions, journal } = rows[0] ?? { decisions: 0, journal: 0 }
  return { decisions, journal, total: decisions + journal }
}

const pauseSeconds = 5

interface Quiet {
  seconds: number
  bytesPerDecision: number
  journalBytesPerDecision: number
}

/** Simulates seconds as fast as possible. In each, a fifth of the nodes send heartbeats and one decision is made. */
export async function virtualSeconds(
  scratch: Scratch,
  {
    agent,
    scheduling,
    seconds,
    order,
  }: { agent: BenchAgent; scheduling: Scheduling; seconds: number; order: NewDeployment },
): Promise<Quiet> {
  const { store } = scratch
  const startMs = Date.now()
  const phase = seeded(7)
  // Nodes have random phases, as if started at random times, so neighbours do not send together.
  const phases = agent.nodes.map(() => Math.floor(phase() * pauseSeconds))
  const second = async (i: number) => {
    const atMs = startMs + 1000 * i
    const beating = agent.nodes.filter((_, place) => phases[place] === i % pauseSeconds)
    await agent.beat(beating, atMs)
    await store.pool.query('update nodes set last_heartbeat = $2 where id = any($1::uuid[])', [
      beating.map((node) => node.id),
      new Date(atMs),
    ])
    scheduling.fleet.changed(beating.map((node) => node.id))
    await accept(scratch, order)
    await evaluate(scheduling, await claimEvaluations(store, scheduling, { limit: 1, which: 'fresh' }))
  }
  // The first seconds still have to record the jump in time.
  for (let i = 0; i < 2 * pauseSeconds; i++) await second(i)
  const before = await recordsOnDisk(store)
  for (let i = 0; i < seconds; i++) await second(i + 2 * pauseSeconds)
  const after = await recordsOnDisk(store)
  return {
    seconds,
    bytesPerDecision: (after.total - before.total) / seconds,
    journalBytesPerDecision: (after.journal - before.journal) / seconds,
  }
}

/** One scheduler leads: real processes are killed, stopped and resumed, and none of them writes out of turn. */
import { EventEmitter, once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openStore, type Store, transaction } from '@/server/db/client'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import {
  type Candidate,
  countReplays,
  requireLeader,
  StaleLeaderError,
  sessionName,
  standForElection,
} from '@/server/store/leader/leadership'
import { pruneRecords } from '@/server/store/leader/retention'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { judgeOutage } from '@/server/store/node-loss/outage-protection'
import { markDead } from '@/server/store/queue/dead-letters'
import { claimEvaluations, releaseEvaluation, returnLeases } from '@/server/store/queue/evaluations'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'
import { schedulerProcesses } from '@/testing/schedulers'

// These tests run whole programs, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 })
const patient = { timeout: 60_000 }

let cp: TestControlPlane

beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const deploy = async (overrides: Record<string, unknown> = {}) =>
  (await (await cp.as('admin')).deployment.deploy(aDeployment(overrides))).deployment_id

const statusOf = async (id: string) =>
  (await cp.sql<{ status: string }>('select status from deployments where id = $1', [id]))[0]?.status

/** Checks what must hold whatever the schedulers did. */
async function expectNothingDoubled(): Promise<void> {
  expect(
    await cp.sql(`select deployment_id, slot from deployment_replicas where reserved and wanted = 'run'
      group by deployment_id, slot having count(*) > 1`),
  ).toEqual([])
  expect(
    await cp.sql(`select 1 from nodes n where reserved_cpu_millis <>
      (select coalesce(sum(cpu_millis), 0) from deployment_replicas r where r.node_id = n.id and r.reserved)`),
  ).toEqual([])
}

describe('scheduler processes', () => {
  let schedulers: ReturnType<typeof schedulerProcesses>

  beforeEach(async () => {
    schedulers = schedulerProcesses(cp.url)
    await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 64, memoryMb: 65536, storageGb: 1000 })
  })
  afterEach(() => schedulers.endAll())

  const leaderAndStandby = async () => {
    const leader = schedulers.start()
    await leader.says('leads (epoch')
    const standby = schedulers.start()
    await expect
      .poll(
        async () =>
          (
            await cp.sql(
              `select distinct application_name from pg_stat_activity where application_name like 'fogdeck-sch%'`,
            )
          ).length,
      )
      .toBeGreaterThan(1)
    return { leader, standby }
  }

  test('a standby takes over the work of a leader that is killed', async () => {
    const { leader, standby } = await leaderAndStandby()
    leader.signal('SIGSTOP')
    const id = await deploy()
    // As if the leader had claimed the evaluation just before. The lease would last for half a minute.
    await cp.sql(
      `update evaluations set status = 'leased', leased_by = 'the dead one', lease_expires_at = now() + interval '1 hour',
         lease_epoch = (select epoch from scheduler_leadership), attempts = 1`,
    )
    await leader.end('SIGKILL')
    await standby.says('leads (epoch')
    await expect.poll(() => statusOf(id), patient).toBe('scheduled')
    await expectNothingDoubled()
  })

  test('a standby takes over from a leader that is stopped, which does no harm when it resumes', async () => {
    const { leader, standby } = await leaderAndStandby()
    const before = await deploy({ name: 'before' })
    await expect.poll(() => statusOf(before), patient).toBe('scheduled')
    leader.signal('SIGSTOP')
    const during = await deploy({ name: 'during', replicas: 1 })
    await standby.says('leads (epoch')
    await expect.poll(() => statusOf(during), patient).toBe('scheduled')
    leader.signal('SIGCONT')
    await leader.says('leads no more')
    const after = await deploy({ name: 'after' })
    await expect.poll(() => statusOf(after), patient).toBe('scheduled')
    await expectNothingDoubled()
    // The resumed process is a standby now, and can take over again.
    await standby.end('SIGKILL')
    await leader.says('leads (epoch', 2)
    const last = await deploy({ name: 'last' })
    await expect.poll(() => statusOf(last), patient).toBe('scheduled')
  })

  test('a leader that is asked to stop resigns at once and leaves no lease behind', async () => {
    const { leader, standby } = await leaderAndStandby()
    const ids = await Promise.all(Array.from({ length: 40 }, (_, i) => deploy({ name: `d-${i}` })))
    expect(await leader.end('SIGTERM')).toBe(0)
    expect(await cp.sql('select 1 from evaluations where leased_by like $1', [`%-${leader.pid}-%`])).toEqual([])
    await standby.says('leads (epoch')
    for (const id of ids) await expect.poll(() => statusOf(id), patient).toBe('scheduled')
    expect(await cp.sql(`select 1 from evaluations where attempts > 1`)).toEqual([])
    await expectNothingDoubled()
  })
})

describe('an election', () => {
  let candidates: Candidate[]
  let store: Store

  beforeEach(() => {
    candidates = []
    store = openStore(cp.url, { sealKey: Buffer.alloc(32, 7).toString('base64'), applicationName: sessionName('old') })
  })
  afterEach(async () => {
    await Promise.all(candidates.map((candidate) => candidate.close()))
    await store.close()
  })

  const stand = async (name: string, unreachableForSeconds: number) => {
    const candidate = await standForElection(cp.url, { name, unreachableForSeconds })
    candidates.push(candidate)
    return candidate
  }

  test('has one winner, who keeps the lead while it renews', async () => {
    const old = await stand('old', 1)
    const other = await stand('other', 60)
    const leadership = await old.tryToLead()
    expect(await other.tryToLead()).toBeNull()
    await leadership?.show()
    expect(await other.deposeUnresponsiveLeader()).toBe(0)
    expect(await leadership?.show()).toBeInstanceOf(Date)
    await old.close()
    await expect.poll(async () => (await other.tryToLead())?.epoch).toBe((leadership?.epoch ?? 0n) + 1n)
  })

  test('ends the transaction that a stopped leader was about to commit', async () => {
    await new FakeAgent(cp).join({ name: 'node-01' })
    const old = await (await stand('old', 1)).tryToLead()
    if (!old) throw new Error('nobody else leads')
    const events = new EventEmitter()
    const reached = once(events, 'reached')
    const woken = once(events, 'woken')
    const stopped = transaction(store, async (tx) => {
      await requireLeader(tx, old.epoch)
      await tx.query(`update nodes set region = 'written by the stopped leader'`)
      events.emit('reached')
      await woken
    })
    const outcome = stopped.then(
      () => 'committed',
      () => 'rolled back',
    )
    await reached
    const next = await stand('next', 0.01)
    await sleep(50)
    // One connection holds the lock, the other one the transaction.
    expect(await next.deposeUnresponsiveLeader()).toBe(2)
    await old.lost
    await expect.poll(async () => (await next.tryToLead())?.epoch).toBe(old.epoch + 1n)
    events.emit('woken')
    expect(await outcome).toBe('rolled back')
    expect(await cp.sql(`select 1 from nodes where region like 'written%'`)).toEqual([])
  })
})

describe('a scheduler whose term has ended', () => {
  test('cannot write anything', async () => {
    await new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })
    const id = await deploy()
    const stale = { epoch: cp.epoch, worker: 'old' }
    const [claimed] = await claimEvaluations(cp.store, stale, { limit: 1, which: 'fresh' })
    if (!claimed) throw new Error('an evaluation was to be claimed')
    await deploy({ name: 'second' })
    await cp.sql(`update nodes set last_heartbeat = now() - interval '1 hour' where node_id = 'node-01'`)
    await cp.sql('update scheduler_leadership set epoch = epoch + 1')
    const everything = async () =>
      Promise.all(
        ['evaluations', 'deployments', 'deployment_replicas', 'decisions', 'nodes', 'scheduler_leadership'].map(
          (table) => cp.sql(`select * from ${table} order by id`),
        ),
      )
    // Its successor has taken the lease over.
    const next = { epoch: cp.epoch + 1n, worker: 'new' }
    expect(await claimEvaluations(cp.store, next, { limit: 1, which: 'retried' })).toHaveLength(1)
    const before = await everything()
    const attempts: Record<string, () => Promise<unknown>> = {
      claim: () => claimEvaluations(cp.store, stale, { limit: 9, which: 'fresh' }),
      commit: () => cp.schedule({ worker: 'old' }),
      markDead: () => markDead(cp.store, stale, { id: claimed.id, deploymentId: id, reason: 'r', error: 'e' }),
      'mark silent nodes': () => markUnreachableNodes(cp.store, stale.epoch),
      'sweep lost replicas': () => sweepLostReplicas(cp.store, { epoch: stale.epoch, earliestSeconds: 22 }),
      'judge silence': () => judgeOutage(cp.store, stale.epoch),
      prune: () => pruneRecords(cp.store, { epoch: stale.epoch, before: new Date() }),
    }
    for (const [name, attempt] of Object.entries(attempts))
      await expect(attempt(), name).rejects.toThrow(StaleLeaderError)
    await releaseEvaluation(cp.store, stale, { id: claimed.id, error: 'e', delayMs: 0 })
    await returnLeases(cp.store, stale)
    await countReplays(cp.store, { epoch: stale.epoch, checked: 1, mismatched: 1 })
    expect(await everything()).toEqual(before)
  })

  test('only the write of the lease does not wait for the disk', async () => {
    // One connection, so that a setting that a claim leaves behind would be seen.
    const store = openStore(cp.url, { sealKey: Buffer.alloc(32).toString('base64'), maxConnections: 1 })
    try {
      const setting = async () => (await store.pool.query('show synchronous_commit')).rows[0]?.synchronous_commit
      // Test databases wait for no disk at all by default.
      await store.pool.query(`set synchronous_commit = 'on'`)
      const claim = claimEvaluations(store, { epoch: cp.epoch, worker: 'w' }, { limit: 1, which: 'fresh' })
      const sentBehindIt = setting()
      await claim
      expect([await sentBehindIt, await setting()]).toEqual(['on', 'on'])
    } finally {
      await store.close()
    }
  })
})

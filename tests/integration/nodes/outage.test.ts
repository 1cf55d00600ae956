/** The database is away, hangs, or its clock jumps: the server stays up, reports it, and recovers by itself. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { readiness } from '@/server/api/http/readiness'
import { followClockJump } from '@/server/store/leader/clock-jumps'
import { StaleLeaderError } from '@/server/store/leader/leadership'
import { aDeployment, adminPassword, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'
import { SchedulerProcess } from '@/testing/schedulers'
import { Wire } from '@/tests/chaos/wire'

vi.setConfig({ testTimeout: 180_000 })
const patient = { timeout: 90_000, interval: 250 }

let cp: TestControlPlane
let wire: Wire

beforeEach(async () => {
  let farPort = 0
  wire = new Wire(() => farPort)
  const port = await wire.open()
  cp = await testControlPlane({
    through: (url) => {
      const address = new URL(url)
      farPort = Number(address.port)
      address.port = String(port)
      return address.href
    },
  })
})
afterEach(async () => {
  wire.heal()
  await cp.close()
  wire.close()
})

const aDeploy = () =>
  cp.rest('/deployment/deploy', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(aDeployment()),
  })

let token = ''

describe('a database that hangs', () => {
  test('is reported as such, and everything continues by itself once it answers', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'fogdeck-outage-'))
    const scheduler = new SchedulerProcess(cp.url, dataDir)
    try {
      await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 16, memoryMb: 32768 })
      token = (await (await cp.login('admin', adminPassword)).json()).access_token
      await expect.poll(async () => (await readiness(cp.services)).ready, patient).toBe(true)
      const before = await (await aDeploy()).json()

      wire.cut()
      expect(await readiness(cp.services)).toMatchObject({
        ready: false,
        reason: 'The database does not answer',
        database: 'unreachable',
        scheduler: 'unknown',
      })
      const refused = await aDeploy()
      expect(refused.status).toBe(503)
      // No user is asked to sign in again because the database is away.
      expect(await refused.json()).toMatchObject({ detail: 'The database does not answer' })

      wire.heal()
      await expect.poll(async () => (await readiness(cp.services)).ready, patient).toBe(true)
      const after = await aDeploy()
      expect(after.status).toBe(202)
      const ids = [before.deployment_id, (await after.json()).deployment_id]
      const statuses = async () =>
        (await cp.sql<{ status: string }>('select status from deployments where id = any($1::uuid[])', [ids])).map(
          ({ status }) => status,
        )
      await expect.poll(statuses, patient).toEqual(['scheduled', 'scheduled'])
      expect(scheduler.ended).toBe(false)
    } finally {
      await scheduler.end('SIGKILL')
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})

describe('a jump of the database clock', () => {
  const waiting = async () =>
    (
      await cp.sql<{ fresh: number; due: number }>(
        `select extract(epoch from now() - (select max(last_heartbeat) from nodes))::float8 as fresh,
         (select extract(epoch from run_after - now())::float8 from evaluations where status = 'pending') as due`,
      )
    )[0]

  /** Moves what was written so far by `seconds`, as if the clock had jumped. */
  const jump = async (seconds: number) => {
    await cp.sql(`update nodes set last_heartbeat = last_heartbeat - make_interval(secs => $1)`, [seconds])
    await cp.sql(`update evaluations set run_after = run_after - make_interval(secs => $1)`, [seconds])
    return followClockJump(cp.store, { epoch: cp.epoch, jumpMs: seconds * 1000 })
  }

  beforeEach(async () => {
    await new FakeAgent(cp).join({ name: 'node-01' })
    await (await cp.as('admin')).deployment.deploy(aDeployment())
    await cp.sql(`update evaluations set run_after = now() + interval '20 seconds'`)
  })

  test('forward makes no node offline', async () => {
    expect(await jump(3_600)).toEqual({ nodes: 1, evaluations: 0 })
    expect((await waiting())?.fresh).toBeLessThan(60)
    expect((await waiting())?.fresh).toBeGreaterThanOrEqual(0)
  })

  test('back leaves no heartbeat in the future, and nothing waiting for an hour', async () => {
    expect(await jump(-3_600)).toEqual({ nodes: 1, evaluations: 1 })
    expect((await waiting())?.fresh).toBeGreaterThanOrEqual(0)
    expect((await waiting())?.fresh).toBeLessThan(60)
    expect((await waiting())?.due).toBeLessThanOrEqual(20)
  })

  test('by less than a whole second is corrected as well', async () => {
    expect(await jump(-2.795)).toEqual({ nodes: 1, evaluations: 1 })
    expect((await waiting())?.due).toBeLessThanOrEqual(20)
  })

  test('is corrected only by the leader', async () => {
    await cp.sql('update scheduler_leadership set epoch = epoch + 1')
    await expect(jump(3_600)).rejects.toThrow(StaleLeaderError)
  })
})

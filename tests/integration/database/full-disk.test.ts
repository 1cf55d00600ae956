/** Runs the embedded PostgreSQL on a small file system of its own, and fills that. Needs root on Linux. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { readiness } from '@/server/api/http/readiness'
import { openStore, type Store, transaction } from '@/server/db/client'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@/server/db/embedded/server'
import { databaseProblem } from '@/server/db/errors'
import { applyMigrations } from '@/server/db/migrate/migrate'
import { ensureFirstAdmin } from '@/server/store/accounts/users'
import { aDeployment, adminPassword, FakeAgent, testControlPlane } from '@/testing/control-plane'
import { SchedulerProcess } from '@/testing/schedulers'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const root = mkdtempSync(join(tmpdir(), 'fogdeck-full-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0755', 'fogdeck', root]).status === 0
const filler = join(root, 'filler')
if (!mounted) process.stderr.write('\nSkipping the tests of a full disk: no file system can be mounted here\n')
const patient = { timeout: 120_000, interval: 250 }
let url: string
let store: Store

beforeAll(async () => {
  if (!mounted) return
  chmodSync(root, 0o755)
  // Small segments of the write-ahead log leave space to fill.
  const settings = { min_wal_size: '32MB', max_wal_size: '48MB' }
  ;({ url } = await startEmbeddedPostgres({ dataDir: join(root, 'data'), password: 'only-for-tests', settings }))
  await applyMigrations(url)
  store = openStore(url, { sealKey: Buffer.alloc(32, 7).toString('base64') })
  await ensureFirstAdmin(store, { username: 'admin', password: adminPassword })
  await store.pool.query('create table things (id int, filling text)')
})
afterAll(async () => {
  await store?.close()
  await stopEmbeddedPostgres(join(root, 'data'))
  if (mounted) spawnSync('umount', ['-l', root])
  rmSync(root, { recursive: true, force: true })
})

/** Takes all the remaining space in one write, which ends at the end of the disk. */
const fill = () => expect(() => writeFileSync(filler, Buffer.alloc(200 * 1024 * 1024))).toThrow('ENOSPC')

const write = (rows: number) =>
  transaction(store, (tx) =>
    tx.query(`insert into things select i, repeat(md5(i::text), 60) from generate_series(1, $1::int) i`, [rows]),
  )

test.skipIf(!mounted)(
  'a write fails with a message that says the disk is full, and succeeds once there is space again',
  async () => {
    await write(10)
    fill()
    const refusal = await write(20_000).then(
      () => null,
      (error: unknown) => error,
    )
    expect(databaseProblem(refusal)).toContain('The disk of the database is full')
    expect(store.writeProblem?.sentence).toContain('The disk of the database is full')
    // Reads still work, and the refused write left no rows.
    const count = async () =>
      (await store.pool.query<{ count: number }>('select count(*)::int as count from things')).rows[0]
    expect(await count()).toEqual({ count: 10 })
    rmSync(filler)
    await write(5)
    expect(await count()).toEqual({ count: 15 })
    expect(store.writeProblem).toBeNull()
  },
)

test.skipIf(!mounted)(
  'the server stays up, says why it is not ready, and recovers by itself with everything that it accepted',
  async () => {
    const cp = await testControlPlane({ through: () => url })
    const dataDir = mkdtempSync(join(tmpdir(), 'fogdeck-full-scheduler-'))
    const scheduler = new SchedulerProcess(url, dataDir)
    try {
      const agent = await new FakeAgent(cp).join({ name: 'node-01', cpuCores: 16, memoryMb: 32_768 })
      const { access_token: token } = await (await cp.login('admin', adminPassword)).json()
      const accepted: string[] = []
      const deploy = async (): Promise<number> => {
        const answer = await cp.rest('/deployment/deploy', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
          body: JSON.stringify(aDeployment()),
        })
        if (answer.status === 202) accepted.push((await answer.json()).deployment_id)
        return answer.status
      }
      await expect.poll(async () => (await readiness(cp.services)).ready, patient).toBe(true)
      expect(await deploy()).toBe(202)

      fill()
      // Existing pages still have space for a few rows.
      await expect.poll(deploy, { ...patient, interval: 1 }).toBe(503)
      const full = 'The disk of the database is full: make room on it, and everything goes on by itself'
      expect(await readiness(cp.services)).toMatchObject({ ready: false, reason: full, database: 'not writable' })
      const list = await cp.rest('/deployment/list', { headers: { authorization: `Bearer ${token}` } })
      expect(list.status).toBe(200)
      expect(scheduler.ended).toBe(false)

      rmSync(filler)
      await expect.poll(deploy, patient).toBe(202)
      await agent.heartbeat()
      await expect.poll(async () => (await readiness(cp.services)).ready, patient).toBe(true)
      const pending = async () =>
        (await cp.sql(`select from deployments where id = any($1::uuid[]) and status = 'pending'`, [accepted])).length
      await expect.poll(pending, patient).toBe(0)
      expect(scheduler.ended).toBe(false)
    } finally {
      await scheduler.end('SIGKILL')
      await cp.close()
      rmSync(dataDir, { recursive: true, force: true })
    }
  },
)

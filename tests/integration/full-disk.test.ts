/** A disk that is full, really: the embedded PostgreSQL on a small file system of its own. Needs root, on Linux. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openStore, type Store, transaction } from '@/server/store/context'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@/server/store/embedded'
import { applyMigrations } from '@/server/store/migrate'
import { databaseTrouble } from '@/server/store/trouble'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

const root = mkdtempSync(join(tmpdir(), 'fogdeck-full-'))
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0755', 'fogdeck', root]).status === 0
const filler = join(root, 'filler')
let store: Store

beforeAll(async () => {
  if (!mounted) return
  chmodSync(root, 0o755)
  // Small segments of the write-ahead log, so that there is something left to fill.
  const settings = { min_wal_size: '32MB', max_wal_size: '48MB' }
  const { url } = await startEmbeddedPostgres({ dataDir: join(root, 'data'), password: 'only-for-tests', settings })
  await applyMigrations(url)
  store = openStore(url, { sealKey: Buffer.alloc(32, 7).toString('base64') })
  await store.pool.query('create table things (id int, filling text)')
})
afterAll(async () => {
  await store?.close()
  await stopEmbeddedPostgres(join(root, 'data'))
  if (mounted) spawnSync('umount', ['-l', root])
  rmSync(root, { recursive: true, force: true })
})

const write = (rows: number) =>
  transaction(store, (tx) =>
    tx.query(`insert into things select i, repeat(md5(i::text), 60) from generate_series(1, $1::int) i`, [rows]),
  )

test.skipIf(!mounted)(
  'a write is refused with the sentence that says so, and is taken once there is room again',
  async () => {
    await write(10)
    // All that is left, in one go: the file ends where the disk does.
    expect(() => writeFileSync(filler, Buffer.alloc(200 * 1024 * 1024))).toThrow('ENOSPC')
    const refusal = await write(20_000).then(
      () => null,
      (error: unknown) => error,
    )
    expect(databaseTrouble(refusal)).toContain('The disk of the database is full')
    expect(store.writeTrouble?.sentence).toContain('The disk of the database is full')
    // Reading goes on, and nothing of the refused write is there.
    const count = async () =>
      (await store.pool.query<{ count: number }>('select count(*)::int as count from things')).rows[0]
    expect(await count()).toEqual({ count: 10 })
    rmSync(filler)
    await write(5)
    expect(await count()).toEqual({ count: 15 })
    expect(store.writeTrouble).toBeNull()
  },
)

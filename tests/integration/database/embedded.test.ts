import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findPostmaster } from '@/server/db/embedded/postmaster'
import { startEmbeddedPostgres, stopEmbeddedPostgres } from '@/server/db/embedded/server'
import { isRoot } from '@/server/lib/data-dir'
import { databaseUrl, runSql } from '@/testing/postgres'

const run = promisify(execFile)

let home: string
let dataDir: string

beforeEach(() => {
  // The path has characters that break shells and URLs, and lies below a folder that is closed to other users.
  home = mkdtempSync(join(tmpdir(), 'fogdeck $HOME "quoted" '))
  dataDir = join(home, 'data')
})
afterEach(async () => {
  await stopEmbeddedPostgres(dataDir)
  rmSync(home, { recursive: true })
})

const start = () => startEmbeddedPostgres({ dataDir, password: 'secret', settings: { fsync: 'off' } })
const pgdata = () => join(dataDir, 'postgres')
const portOf = (url: string) => Number(new URL(url).port)

const postmaster = () => {
  const found = findPostmaster(pgdata())
  if (!found) throw new Error('not running')
  return found
}

const listenOn = (port: number): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })

describe('the embedded database', () => {
  it('is found while it runs, and restarts on the same port with its data', async () => {
    const first = await start()
    expect(first).toMatchObject({ fresh: true, alreadyRunning: false })
    await runSql(databaseUrl(first.url, 'postgres'), 'create database fogdeck')
    expect(await start()).toEqual({ url: first.url, fresh: false, alreadyRunning: true })
    await stopEmbeddedPostgres(dataDir)
    expect(findPostmaster(pgdata())).toBeNull()
    expect(await start()).toEqual({ url: first.url, fresh: false, alreadyRunning: false })
    await runSql(first.url, 'select 1')
  })

  it('starts once for concurrent starters, on a new data folder and on an existing one', async () => {
    const urls = (await Promise.all([start(), start(), start()])).map(({ url }) => url)
    expect(new Set(urls).size).toBe(1)
    await stopEmbeddedPostgres(dataDir)
    const again = (await Promise.all([start(), start(), start()])).map(({ url }) => url)
    expect(again).toEqual(urls)
  })

  it('starts after a kill, even when its process id now belongs to another program', async () => {
    await start()
    process.kill(postmaster().pid, 'SIGKILL')
    await start()
    const file = join(pgdata(), 'postmaster.pid')
    const lines = readFileSync(file, 'utf8').split('\n')
    process.kill(postmaster().pid, 'SIGKILL')
    writeFileSync(file, [process.pid, ...lines.slice(1)].join('\n'))
    expect(await start()).toMatchObject({ alreadyRunning: false })
  })

  it('moves to another port when its own is taken', async () => {
    const { url } = await start()
    await stopEmbeddedPostgres(dataDir)
    const squatter = await listenOn(portOf(url))
    const moved = await start().finally(() => squatter.close())
    expect(portOf(moved.url)).not.toBe(portOf(url))
    await stopEmbeddedPostgres(dataDir)
    expect((await start()).url).toBe(moved.url)
  })

  // In containers, root lacks the capability to inspect processes of other users.
  it.runIf(isRoot && process.platform === 'linux')('is found by a root user with few capabilities', async () => {
    const first = await start()
    const module = JSON.stringify(resolve('server/db/embedded/server.ts'))
    const program = `import { startEmbeddedPostgres } from ${module}
      const again = await startEmbeddedPostgres({ dataDir: process.argv[1], password: 'secret' })
      console.log(JSON.stringify(again))`
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', program, dataDir]
    const { stdout } = await run('setpriv', ['--bounding-set=-sys_ptrace,-sys_admin,-dac_read_search', ...node])
    expect(JSON.parse(stdout)).toEqual({ url: first.url, fresh: false, alreadyRunning: true })
  })

  it('says what to do when the secrets do not belong to its data', async () => {
    await start()
    await expect(startEmbeddedPostgres({ dataDir, password: 'other' })).rejects.toThrow(/restore the secrets\.json/)
  })
})

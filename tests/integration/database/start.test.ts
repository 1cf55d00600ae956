/** How `npm start` starts, restarts its parts, takes over and stops. Runs only a scheduler, which needs no pages. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { processStart } from '@/agent/lib/lock'
import { findPostmaster } from '@/server/db/embedded/postmaster'
import { embeddedIsRunning, stopEmbeddedPostgres } from '@/server/db/embedded/server'
import { hashToken, verifyPassword } from '@/server/store/accounts/credentials'

// These tests run whole programs, possibly on a busy machine.
vi.setConfig({ testTimeout: 120_000 })

let dataDir: string
let started: ChildProcess[]

beforeEach(() => {
  dataDir = join(mkdtempSync(join(tmpdir(), 'fogdeck start ')), 'data')
  started = []
})
afterEach(async () => {
  for (const child of started) child.kill('SIGTERM')
  await Promise.all(started.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')))
  await stopEmbeddedPostgres(dataDir)
  rmSync(join(dataDir, '..'), { recursive: true })
})

const environment = (overrides: Record<string, string> = {}): NodeJS.ProcessEnv => {
  const { DATABASE_URL: _none, ...rest } = process.env
  return { ...rest, FOGDECK_DATA_DIR: dataDir, FOGDECK_ROLE: 'scheduler', LOG_LEVEL: 'info', ...overrides }
}

const start = (overrides: Record<string, string> = {}) => {
  const child = spawn(process.execPath, ['scripts/start.mjs'], {
    env: environment(overrides),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const says = async (message: string, times = 1) => {
    while (output.split(message).length <= times) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`It ended and said:\n${output}`)
      await sleep(20)
    }
  }
  const end = async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return { code: child.exitCode, output }
  }
  return { child, says, end }
}

const npmProgram = (script: string, ...args: string[]) => {
  const options = { env: environment(), encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, ...args], options)
  return { status, stdout: stdout.trim(), stderr: stderr.trim() }
}

const children = (): number[] =>
  JSON.parse(readFileSync(join(dataDir, 'running-scheduler.json'), 'utf8')).children.map(
    ({ pid }: { pid: number }) => pid,
  )

const schedulerPid = (): number => {
  const [pid] = children()
  if (pid === undefined) throw new Error('no scheduler is noted')
  return pid
}

describe('npm start', () => {
  it('says once per data folder where it runs, and stops everything that it started', async () => {
    const first = start()
    await first.says('leads (epoch 1)')
    const second = await start().end()
    expect(second).toMatchObject({ code: 0, output: expect.stringContaining(`already runs on ${dataDir}`) })
    const scheduler = schedulerPid()
    first.child.kill('SIGTERM')
    expect(await first.end()).toMatchObject({ code: 0, output: expect.stringContaining('Stopped') })
    expect(await processStart(scheduler)).toBeNull()
    expect(embeddedIsRunning(dataDir)).toBe(false)
    expect(existsSync(join(dataDir, 'running-scheduler.json'))).toBe(false)
  })

  it('restarts a scheduler and a database that were killed', async () => {
    const run = start()
    await run.says('leads (epoch 1)')
    process.kill(schedulerPid(), 'SIGKILL')
    process.kill(findPostmaster(join(dataDir, 'postgres'))?.pid ?? 0, 'SIGKILL')
    await run.says('The database has ended: starting it again')
    await run.says('leads (epoch 2)')
  })

  it('takes over after it was killed, and leaves none of the old schedulers running', async () => {
    const first = start()
    await first.says('leads (epoch 1)')
    const orphan = schedulerPid()
    first.child.kill('SIGKILL')
    const second = start()
    await second.says('leads (epoch 2)')
    expect(await processStart(orphan)).toBeNull()
    expect(schedulerPid()).not.toBe(orphan)
  })

  it('shows a generated first password once, and uses a given one unchanged', async () => {
    const generated = start()
    await generated.says('leads')
    generated.child.kill('SIGTERM')
    expect((await generated.end()).output).toMatch(/Made the first administrator: admin, password \S{16} /)
    const again = start({ FOGDECK_ADMIN_PASSWORD: 'something else' })
    await again.says('leads')
    again.child.kill('SIGTERM')
    expect((await again.end()).output).not.toContain('password')
  })

  it.each([
    [{ PORT: 'abc' }, 'PORT must be a whole number from 1 to 65535, not "abc"'],
    [{ FOGDECK_ROLE: 'all', FOGDECK_FLEET: 'huge' }, 'FOGDECK_FLEET must be one of demo, local, none, not "huge"'],
    [
      { DATABASE_URL: 'postgres://user:secret@127.0.0.1' },
      'DATABASE_URL must look like postgresql://user:password@host:5432/database',
    ],
  ])('refuses %j in one line', async (overrides, message) => {
    expect(await start(overrides as Record<string, string>).end()).toEqual({ code: 1, output: `${message}\n` })
    expect(existsSync(dataDir)).toBe(false)
  })

  it('says in one line that its port is taken, before it changes anything', async () => {
    const server = createServer().listen(0)
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { code, output } = await start({ FOGDECK_ROLE: 'all', PORT: String(port) }).end()
    server.close()
    expect({ code, output }).toEqual({
      code: 1,
      output: `Port ${port} is used by another program: choose another one, such as PORT=${port + 1} npm start\n`,
    })
    expect(existsSync(join(dataDir, 'postgres'))).toBe(false)
  })
})

describe('command-line programs beside it', () => {
  it('print only a token, a password or the database URL, whether or not the control plane runs', async () => {
    expect(npmProgram('scripts/db-url.ts')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('run npm start first'),
    })
    const run = start()
    await run.says('leads')
    const url = npmProgram('scripts/db-url.ts').stdout
    const live = npmProgram('scripts/token.ts', 'join', '--nodes', '2', '--name', 'lab').stdout
    run.child.kill('SIGTERM')
    await run.end()
    const api = npmProgram('scripts/token.ts', 'api', '--scope', 'viewer').stdout
    const password = npmProgram('scripts/password.ts').stdout
    expect(embeddedIsRunning(dataDir)).toBe(false)
    expect(npmProgram('scripts/db-url.ts').stdout).toBe(url)

    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const joins = await client.query('select name, max_uses from join_tokens where token_hash = $1', [hashToken(live)])
    const apis = await client.query('select name, scope from api_tokens where token_hash = $1', [hashToken(api)])
    const users = await client.query("select password_hash from users where username = 'admin'")
    await client.end()
    expect(await verifyPassword(users.rows[0].password_hash, password)).toBe(true)
    expect(joins.rows).toEqual([{ name: 'lab', max_uses: 2 }])
    expect(apis.rows).toEqual([{ name: 'from the command line', scope: 'viewer' }])
  })

  it.each([
    ['scripts/token.ts', ['--help'], 0],
    ['scripts/db-url.ts', ['--help'], 0],
    ['scripts/password.ts', ['--help'], 0],
    ['scripts/password.ts', ['two', 'names'], 1],
    ['scripts/token.ts', [], 1],
    ['scripts/token.ts', ['join', '--nodes', 'many'], 1],
    ['scripts/token.ts', ['api', '--user', 'nobody'], 1],
    ['scripts/token.ts', ['api', '--scope', 'everything'], 1],
  ])('%s %j exits with %i and leaves nothing running', (script, args, status) => {
    const result = npmProgram(script, ...args)
    expect(result.status).toBe(status)
    expect(status === 0 ? result.stdout : result.stderr).not.toBe('')
    expect(existsSync(dataDir)).toBe(false)
  })
})

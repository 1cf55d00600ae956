/**
 * The PostgreSQL that comes with Fogdeck, for those who have none: its data lives in `<dataDir>/postgres`, it listens
 * on 127.0.0.1 only, and it outlives the process that started it, so that the next one finds it. Every step may be
 * taken by several processes at once: the first to finish wins and the others go on with its result.
 */
import { once } from 'node:events'
import { chownSync, closeSync, existsSync, fstatSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { ensureDataDir } from '@/server/lib/data-dir'
import { hasCode } from '@/server/lib/system-error'
import { databaseRole, initialize } from './cluster'
import { findPostmaster, forgetDeadPostmaster, type Postmaster } from './postmaster'
import { type Announce, type PostgresProgram, postgresProgram } from './program'

interface EmbeddedOptions {
  /** Absolute. */
  dataDir: string
  /** Of letters, digits, - and _ only. */
  password: string
  /** Told in words what happens to the machine beyond the data folder. */
  announce?: Announce
  /** Settings in addition to ours, for example for tests. */
  settings?: Record<string, string>
}

interface EmbeddedPostgres {
  /** Of the database `fogdeck`, which may not exist yet (applyMigrations creates it). */
  url: string
  /** The data folder was made by this call. */
  fresh: boolean
  /** It was already running; started by somebody else. */
  alreadyRunning: boolean
}

/** For a laptop: durable, modest in memory. The rest are PostgreSQL's defaults. */
const settings: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  // A socket in /tmp or in a long path would clash or fail; nobody needs one.
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '128MB',
  fsync: 'on',
  // After a crash every file is made safe first. One by one that takes ten seconds on a busy disk, all at once hardly one.
  ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
  // Our statements are short: compiling them costs more than it gives.
  jit: 'off',
  checkpoint_timeout: '15min',
  // As by default, which initdb lessens with the size of the log's segments.
  min_wal_size: '80MB',
  max_wal_size: '1GB',
  // Status columns are updated often in place: vacuum early, while it is cheap.
  autovacuum_vacuum_scale_factor: '0.05',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %a ',
  log_checkpoints: 'off',
}

const startTimeoutMs = 60_000
const pollMs = 20

const pgdataOf = (dataDir: string): string => join(dataDir, 'postgres')
const portFile = (dataDir: string): string => join(dataDir, 'postgres.port')
const logFile = (pgdata: string): string => join(pgdata, 'server.log')
const logLimitBytes = 10 * 1024 * 1024

/** @throws Error with a sentence that says what to do. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  ensureDataDir(options.dataDir)
  const deadline = performance.now() + startTimeoutMs
  let fresh = false
  for (;;) {
    const attempt = await startOrFind(options)
    fresh ||= attempt.fresh
    const url = (database: string) =>
      `postgresql://${databaseRole}:${options.password}@127.0.0.1:${attempt.port}/${database}`
    if ((await answers(url('postgres'), options.dataDir)) || performance.now() > deadline) {
      return { url: url('fogdeck'), fresh, alreadyRunning: attempt.alreadyRunning }
    }
    // It went away between our finding it and our call: look again.
    await sleep(pollMs)
  }
}

async function startOrFind(
  options: EmbeddedOptions,
): Promise<{ port: number; fresh: boolean; alreadyRunning: boolean }> {
  const pgdata = pgdataOf(options.dataDir)
  if (findPostmaster(pgdata)) {
    const postmaster = await untilReady(pgdata)
    if (postmaster) return { port: postmaster.port, fresh: false, alreadyRunning: true }
  }
  const program = await postgresProgram({ pgdata, dataDir: options.dataDir }, options.announce ?? (() => {}))
  const fresh = !existsSync(pgdata) && (await initialize(program, { pgdata, password: options.password }))
  const { port } = await start(program, options)
  return { port, fresh, alreadyRunning: false }
}

/** Whether there is a database in this data folder, running or not. */
export const embeddedExists = (dataDir: string): boolean => existsSync(pgdataOf(dataDir))

/** Cheap enough to ask every second. */
export const embeddedIsRunning = (dataDir: string): boolean => findPostmaster(pgdataOf(dataDir)) !== null

/** Waits until it is down; does nothing when it isn't running. */
export async function stopEmbeddedPostgres(dataDir: string): Promise<void> {
  const pgdata = pgdataOf(dataDir)
  const running = findPostmaster(pgdata)
  if (!running) return
  // SIGINT is PostgreSQL's "fast" shutdown: sessions are ended, everything is written.
  process.kill(running.pid, 'SIGINT')
  const deadline = performance.now() + startTimeoutMs
  while (findPostmaster(pgdata)?.pid === running.pid) {
    if (performance.now() > deadline)
      throw new Error(`PostgreSQL (process ${running.pid}) does not stop: see ${logFile(pgdata)}`)
    await sleep(pollMs)
  }
}

/** Starts the server, or joins one that somebody else starts at the same moment. */
async function start(program: PostgresProgram, options: EmbeddedOptions): Promise<Postmaster> {
  const pgdata = pgdataOf(options.dataDir)
  forgetDeadPostmaster(pgdata)
  const deadline = performance.now() + startTimeoutMs
  let port = await savedPort(options.dataDir)
  for (;;) {
    const attempt = await launch(program, { pgdata, port, settings: { ...settings, ...options.settings } })
    if ('ready' in attempt) return attempt
    const other = findPostmaster(pgdata) && (await untilReady(pgdata))
    if (other) return other
    const waits =
      /could not (bind|create any TCP\/IP)|pre-existing shared memory block|lock file .* already exists/.exec(
        attempt.log,
      )
    if (!waits || performance.now() > deadline) {
      throw new Error(`PostgreSQL did not start: ${attempt.log.trim() || 'it said nothing'} (see ${logFile(pgdata)})`)
    }
    if (waits[0].startsWith('could not')) port = await choosePort(options.dataDir)
    // Otherwise the sessions of a killed server are still leaving, or another starter was here just now.
    else await sleep(500)
  }
}

interface Launch {
  pgdata: string
  port: number
  settings: Record<string, string>
}

/** Straight from the program rather than pg_ctl, which passes the folder's name through a shell. */
async function launch(
  program: PostgresProgram,
  { pgdata, port, settings }: Launch,
): Promise<Postmaster | { log: string }> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const { handle, size } = openLog(pgdata, program)
  const child = program.spawn('postgres', ['-D', pgdata, '-p', String(port), ...flags], {
    detached: true,
    stdio: ['ignore', handle, handle],
  })
  let ended = false
  child.on('exit', () => {
    ended = true
  })
  child.on('error', () => {
    ended = true
  })
  child.unref()
  closeSync(handle)
  const deadline = performance.now() + startTimeoutMs
  while (!ended) {
    const found = findPostmaster(pgdata)
    if (found?.ready && found.pid === child.pid) return found
    if (performance.now() > deadline)
      throw new Error(`PostgreSQL is still not ready after ${startTimeoutMs / 1000} s: see ${logFile(pgdata)}`)
    await sleep(pollMs)
  }
  return { log: readFileSync(logFile(pgdata)).subarray(size).toString('utf8') }
}

function openLog(pgdata: string, program: PostgresProgram): { handle: number; size: number } {
  const file = logFile(pgdata)
  let handle = openSync(file, 'a', 0o600)
  if (fstatSync(handle).size > logLimitBytes) {
    closeSync(handle)
    renameSync(file, `${file}.1`)
    handle = openSync(file, 'a', 0o600)
  }
  if (program.owner) chownSync(file, program.owner.uid, program.owner.gid)
  return { handle, size: fstatSync(handle).size }
}

/** Null when it ended. */
async function untilReady(pgdata: string): Promise<Postmaster | null> {
  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    const found = findPostmaster(pgdata)
    if (found === null || found.ready) return found
    if (performance.now() > deadline)
      throw new Error(`PostgreSQL is still not ready after ${startTimeoutMs / 1000} s: see ${logFile(pgdata)}`)
    await sleep(pollMs)
  }
}

/** The same port at every start, as long as nobody else takes it, so that addresses that people noted stay true. */
async function savedPort(dataDir: string): Promise<number> {
  const known = existsSync(portFile(dataDir)) ? Number(readFileSync(portFile(dataDir), 'utf8')) : 0
  return known > 0 && known < 65536 ? known : await choosePort(dataDir)
}

async function choosePort(dataDir: string): Promise<number> {
  const port = await freePort()
  const aside = `${portFile(dataDir)}.${process.pid}`
  writeFileSync(aside, `${port}\n`)
  renameSync(aside, portFile(dataDir))
  return port
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('No port is free on 127.0.0.1')
  return address.port
}

/** False when nobody is there, or when it is just starting or stopping. */
async function answers(connectionString: string, dataDir: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 10_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return true
  } catch (error) {
    if (hasCode(error, 'ECONNREFUSED', 'ECONNRESET', cannotConnectNow)) return false
    if (!hasCode(error, invalidPassword)) throw error
    throw new Error(
      `The embedded database in ${pgdataOf(dataDir)} was made with other secrets than those in ${dataDir}: ` +
        'restore the secrets.json that belongs to it, or start with another FOGDECK_DATA_DIR',
      { cause: error },
    )
  }
}

const cannotConnectNow = '57P03'
const invalidPassword = '28P01'

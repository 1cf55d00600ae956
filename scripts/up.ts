/**
 * Starts the control plane and keeps it running: the database, the web server, the scheduler and the nodes of this
 * machine, as configured by the environment (see README). Supervises them until SIGTERM or Ctrl+C ends them all.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyMigrations } from '../server/db/migrate/migrate'
import { ensureDataDir } from '../server/lib/data-dir'
import { type Env, readEnv } from '../server/lib/env'
import { hasCode } from '../server/lib/system-error'
import { ensureFirstAdmin } from '../server/store/accounts/users'
import { resealOldValues } from '../server/store/records/reseal'
import { type Database, openDatabase } from './up/database'
import { claimInstance, type Instance } from './up/instance'
import { Part } from './up/part'
import { countPresentNodes, localAddress, type PartPlan, planParts, withStore } from './up/parts'
import { messageOf, StartError, say } from './up/progress'

/** Closed in reverse order at the end, including after a start that failed half-way. */
type Closers = (() => Promise<void>)[]

async function main(env: Env, stopping: AbortSignal): Promise<void> {
  ensureDataDir(env.dataDir)
  const url = env.role === 'scheduler' ? null : addressForPeople(env)
  const key = env.role === 'web' ? `web-${env.port}` : env.role
  const claim = await claimInstance(env.dataDir, { key, url })
  if ('heldBy' in claim) {
    const place = claim.heldBy.url ?? 'as a scheduler'
    say(`Fogdeck already runs on ${env.dataDir}: ${place} (process ${claim.heldBy.pid})`)
    return
  }
  const closers: Closers = [async () => claim.instance.release()]
  try {
    await bringUp({ env, url, instance: claim.instance, closers, stopping })
  } finally {
    if (stopping.aborted) say('Stopping')
    for (const close of closers.reverse()) await close().catch((error) => say(`While stopping: ${messageOf(error)}`))
    if (stopping.aborted) say('Stopped')
  }
}

interface Start {
  env: Env
  url: string | null
  instance: Instance
  closers: Closers
  stopping: AbortSignal
}

async function bringUp({ env, url, instance, closers, stopping }: Start): Promise<void> {
  if (url) await requireFreePort(env)
  let parts: Part[] = []
  const restartAll = () => {
    for (const part of parts) part.restart()
  }
  const database = await openDatabase(env, restartAll, stopping)
  closers.push(() => closeDatabase(database, instance))
  const { applied } = await applyMigrations(database.url)
  if (applied.length > 0) say(applied.length === 1 ? 'Applied one migration' : `Applied ${applied.length} migrations`)
  await sealAnew(env, database.url)
  const password = await firstAdministrator(env, database.url)
  if (url) await buildPages(stopping)
  if (stopping.aborted) return

  const plans = await planParts(env, () => database.url)
  const noteChildren = () => {
    instance.setChildren(parts.flatMap((part) => part.pid ?? [])).catch((error) => say(messageOf(error)))
  }
  const partOf = ({ name, command }: PartPlan) => new Part({ name, command, onChange: noteChildren })
  const servers = plans.filter((plan) => plan.nodes === null).map(partOf)
  const agents = plans.filter((plan) => plan.nodes !== null).map(partOf)
  parts = [...servers, ...agents]
  closers.push(() => stopAll(servers))
  for (const part of servers) part.start()
  if (url) await untilAnswered(env, '/api/health', { parts, stopping })
  closers.push(() => stopAll(agents))
  for (const part of agents) part.start()
  if (env.role === 'all') await untilAnswered(env, '/api/ready', { parts, stopping })
  await untilNodesAreHere(env, { database, wanted: plans.reduce((sum, plan) => sum + (plan.nodes ?? 0), 0), stopping })
  if (stopping.aborted) return
  welcome(env, { url, password, agents })
  await once(stopping, 'abort')
}

const stopAll = async (parts: Part[]): Promise<void> => void (await Promise.all(parts.map((part) => part.stop())))

/** Another web server or scheduler on this data folder may still need the database. */
async function closeDatabase(database: Database, instance: Instance): Promise<void> {
  if (!database.stop) return
  if ((await instance.others()) > 0) say('Leaving the database to the others that use it')
  else await database.stop()
}

/** Uses localhost where the server answers there, because people try that first. */
const addressForPeople = (env: Env): string =>
  env.publicUrl ??
  (['0.0.0.0', '::', '127.0.0.1', '::1'].includes(env.host) ? `http://localhost:${env.port}` : localAddress(env))

/** Binds values that an older version sealed to their rows, before any part reads them. */
async function sealAnew(env: Env, databaseUrl: string): Promise<void> {
  const { resealed, unreadable } = await withStore(env, databaseUrl, resealOldValues)
  if (resealed > 0) say(`Sealed ${resealed} environments and channel secrets anew, each for its row`)
  if (unreadable > 0)
    say(`${unreadable} environments and channel secrets were sealed with a key that secrets.json does not hold`)
}

async function requireFreePort({ host, port }: Env): Promise<void> {
  const server = createServer()
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    if (hasCode(error, 'EADDRINUSE')) {
      throw new StartError(
        `Port ${port} is used by another program: choose another one, such as PORT=${port + 1} npm start`,
      )
    }
    if (hasCode(error, 'EADDRNOTAVAIL')) throw new StartError(`FOGDECK_HOST ${host} is not an address of this machine`)
    if (hasCode(error, 'EACCES'))
      throw new StartError(`Port ${port} needs more rights than this user has: choose one above 1023`)
    throw error
  }
  server.close()
  await once(server, 'close')
}

/** @returns what to tell the person about the password. */
async function firstAdministrator(env: Env, databaseUrl: string): Promise<string> {
  const { adminUsername: username, adminPassword: password } = env
  const made = await withStore(env, databaseUrl, (store) => ensureFirstAdmin(store, { username, password }))
  if (!made.created)
    return password === null
      ? 'the one of the first start (forgotten? npm run password)'
      : 'the one of the first start (FOGDECK_ADMIN_PASSWORD is read only then)'
  if (made.weakness)
    say(`FOGDECK_ADMIN_PASSWORD is weak: ${made.weakness}. It is taken as it is; change it on the page Account`)
  if (made.password === null) return 'the password you set (FOGDECK_ADMIN_PASSWORD)'
  // Printed now and again at the end, so that the password is not lost when the start is interrupted.
  say(`Made the first administrator: ${username}, password ${made.password} (shown once, keep it)`)
  return `${made.password} (shown once, keep it)`
}

async function buildPages(stopping: AbortSignal): Promise<void> {
  if ((await runScript(['scripts/build.mjs', '--check'], stopping)) === 0) return
  say('Building the pages (about half a minute, only when they have changed)')
  const code = await runScript(['scripts/build.mjs', '--quiet'], stopping)
  if (code !== 0 && !stopping.aborted) throw new StartError('The pages could not be built: see above.')
}

async function runScript(args: string[], stopping: AbortSignal): Promise<number | null> {
  const child: ChildProcess = spawn(process.execPath, args, { stdio: 'inherit' })
  const end = () => child.kill('SIGTERM')
  stopping.addEventListener('abort', end, { once: true })
  const [code] = await once(child, 'exit')
  stopping.removeEventListener('abort', end)
  return code
}

const graceMs = 60_000
const nodesGraceMs = 15_000
const deathsToExhaust = 5

async function untilAnswered(
  env: Env,
  path: string,
  { parts, stopping }: { parts: Part[]; stopping: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + graceMs
  while (!stopping.aborted) {
    const answer = await fetch(`${localAddress(env)}${path}`, { signal: AbortSignal.timeout(5_000) }).catch(() => null)
    if (answer?.ok) return
    const dying = parts.find((part) => part.deaths >= deathsToExhaust)
    if (dying) throw new StartError(`The ${dying.name} does not stay up: its own words are above`)
    if (performance.now() > deadline) {
      const text = answer ? await answer.text() : 'no answer'
      say(`Still not ready after ${graceMs / 1000} s, going on: ${path} says ${text}`)
      return
    }
    await sleep(100)
  }
}

/**
 * Waits for the nodes, so that a deployment right after the start finds them. If they don't come, their own messages
 * above say why.
 */
async function untilNodesAreHere(
  env: Env,
  { database, wanted, stopping }: { database: Database; wanted: number; stopping: AbortSignal },
): Promise<void> {
  const deadline = performance.now() + nodesGraceMs
  while (!stopping.aborted && (await countPresentNodes(env, database.url)) < wanted) {
    if (performance.now() > deadline) {
      say('Not all nodes of this machine have joined yet, going on')
      return
    }
    await sleep(200)
  }
}

function welcome(env: Env, { url, password, agents }: { url: string | null; password: string; agents: Part[] }): void {
  if (!url) {
    say('The scheduler is started')
    return
  }
  say(`Fogdeck is ready: ${url}`)
  const lines = [
    ['Username', env.adminUsername],
    ['Password', password],
    ...(agents.length > 0 ? [['Nodes', agents.map((part) => part.name).join(', ')]] : []),
    ['Stop', 'Ctrl+C'],
  ]
  process.stdout.write(`\n${lines.map(([name = '', text]) => `          ${name.padEnd(11)}${text}\n`).join('')}\n`)
}

const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
// Fires only if the parent opened a channel, as the end-to-end tests do.
process.on('disconnect', () => stopping.abort())

try {
  await main(readEnv(), stopping.signal)
} catch (error) {
  // Errors of what was interrupted are of no interest.
  if (!stopping.signal.aborted) {
    const isDesired = ['debug', 'trace'].includes(process.env.LOG_LEVEL ?? '')
    process.stderr.write(`${isDesired && error instanceof Error ? error.stack : messageOf(error)}\n`)
    process.exitCode = 1
  }
}
process.exit()

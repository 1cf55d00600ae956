/**
 * `npm run proof -- overload`: the web server is stopped in the middle of a burst of deployments. Slow must not be
 * taken for failed: no replica fails, is lost or is placed twice, no node goes offline, and outage protection stays
 * off.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { FlagError, numberFlag, parseFlags } from '@/agent/cli/flags'
import { openStore } from '@/server/db/client'
import { systemAuthor } from '@/server/store/records/audit'
import { writeSettings } from '@/server/store/records/settings'
import { Database } from '@/tests/chaos/database'
import { Rest } from '@/tests/chaos/rest'
import { logFolder, Stack } from '@/tests/chaos/stack'

const help = `Stops the web server (SIGSTOP) in the middle of a burst of deployments, and counts what was declared lost meanwhile.

  npm run proof -- overload [--nodes 2000] [--deployments 100] [--replicas 100] [--stop 40]

  --nodes N         simulated nodes, in one program (2000)
  --deployments N   deployments, asked for by ${8} clients at once (100)
  --replicas N      replicas of each (100)
  --stop SECONDS    for how long the web server is stopped (40); 0 never stops it
  --limit SECONDS   sets the heartbeat limit, and "lost after" of the deployments, to so many seconds (as they come)
  --minutes N       for how long the deployments may take to run (20)

Ends with 0 when every replica runs and nothing was declared failed, lost or offline. Logs are in .test/chaos-logs.`

const clients = 8

interface Options {
  nodes: number
  deployments: number
  replicas: number
  stopSeconds: number
  limitSeconds: number | null
  minutes: number
}

function readOptions(args: string[]): Options | null {
  const flags = parseFlags(args, ['nodes', 'deployments', 'replicas', 'stop', 'limit', 'minutes'])
  if (flags.help) return null
  const whole = (name: string, max: number, min = 1) => numberFlag(flags, name, { min, max, whole: true })
  return {
    nodes: whole('nodes', 20_000) ?? 2_000,
    deployments: whole('deployments', 10_000) ?? 100,
    replicas: whole('replicas', 100) ?? 100,
    stopSeconds: whole('stop', 3_600, 0) ?? 40,
    limitSeconds: whole('limit', 600, 3) ?? null,
    minutes: numberFlag(flags, 'minutes', { min: 1, max: 600 }) ?? 20,
  }
}

interface Counts {
  running: number
  /** Replicas that were ever declared lost; the other counts are totals as well. */
  lost: number
  failed: number
  /** Replicas that were placed again. */
  replaced: number
  deploymentsFailed: number
  wentOffline: number
  protections: number
}

const countsSql = `
  select (select count(*)::int from deployment_replicas where status = 'running' and wanted = 'run') as running,
    (select count(*)::int from replica_status_history where new_status = 'lost') as lost,
    (select count(*)::int from replica_status_history where new_status = 'failed') as failed,
    (select count(*)::int from deployment_replicas where generation > 1) as replaced,
    (select count(*)::int from deployment_status_history where new_status = 'failed') as "deploymentsFailed",
    (select count(*)::int from node_events where kind = 'offline') as "wentOffline",
    (select count(*)::int from outage_protections) as protections`

const say = (text: string) =>
  void process.stdout.write(`${(performance.now() / 1000).toFixed(1).padStart(7)} s  ${text}\n`)

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (!options) {
    process.stdout.write(`${help}\n`)
    return 0
  }
  say(`Starting: database, web server, 2 schedulers, ${options.nodes} simulated nodes`)
  const deaths: string[] = []
  const stack = await Stack.start({
    root: process.cwd(),
    fleets: [{ nodes: options.nodes, regions: ['us-east', 'us-west', 'eu-west', 'eu-central', 'ap-southeast'] }],
    cluster: null,
    onDeath: (program, how) => void deaths.push(`${program} ended by itself (${how})`),
  })
  try {
    if (options.limitSeconds !== null) await setLimit(stack, options.limitSeconds)
    const counts = await burst(stack, options)
    return verdict(counts, { options, deaths })
  } finally {
    await stack.end()
  }
}

async function setLimit(stack: Stack, limitSeconds: number): Promise<void> {
  const store = openStore(stack.databaseUrl, { sealKey: stack.sealKey })
  try {
    await writeSettings(store, systemAuthor, {
      heartbeat: { everySeconds: Math.floor(limitSeconds / 3), limitSeconds },
    })
  } finally {
    await store.close()
  }
}

/** Deploys everything, stops the web server when half was accepted, and waits until everything runs. */
async function burst(stack: Stack, options: Options): Promise<Counts> {
  const database = new Database(() => stack.databaseUrl)
  const total = options.deployments * options.replicas
  const ending = new AbortController()
  const { signal } = ending
  // Not AbortSignal.timeout: when it is part of another signal it may be garbage-collected.
  const deadline = setTimeout(() => ending.abort(), options.minutes * 60_000)
  const rest = new Rest({
    url: stack.url,
    username: 'admin',
    password: stack.password,
    onToken: () => undefined,
    onGoodToken: () => undefined,
  })
  // A scheduler declares nothing lost before it has led for a while, so the test waits for that.
  const began = performance.now()
  await sleep(settleMs(options))
  say(`${options.deployments} deployments of ${options.replicas} replicas`)
  const accepted = { count: 0 }
  const deploying = deployAll({ rest, options, accepted, signal })
  const stopping = stopInTheMiddle(stack, { options, accepted, signal })
  let counts = await count(database)
  const deployedAt = performance.now()
  while (!signal.aborted && counts.running < total) {
    await sleep(1_000)
    const now = await count(database)
    if (Math.floor((now.running / total) * 10) !== Math.floor((counts.running / total) * 10) || differ(now, counts))
      say(`accepted ${accepted.count}, ${spelledOut(now)}`)
    counts = now
  }
  say(
    `${counts.running} of ${total} replicas run ${((performance.now() - deployedAt) / 1000).toFixed(1)} s after the first call`,
  )
  await stopping
  // Until now, slow replicas could still be declared lost. After this pause they would have been.
  await sleep(settleMs(options))
  ending.abort()
  clearTimeout(deadline)
  await deploying
  say(
    `${((performance.now() - began) / 1000).toFixed(0)} s in all; calls without an answer: ${JSON.stringify(rest.unanswered)}`,
  )
  return count(database)
}

const settleMs = ({ limitSeconds }: Options) => (limitSeconds === null ? 45_000 : 2_000 * limitSeconds + 5_000)

async function deployAll({
  rest,
  options,
  accepted,
  signal,
}: {
  rest: Rest
  options: Options
  accepted: { count: number }
  signal: AbortSignal
}): Promise<void> {
  const names = Array.from({ length: options.deployments }, (_, index) => `burst-${index + 1}`)
  const client = async () => {
    for (let name = names.shift(); name !== undefined && !signal.aborted; name = names.shift()) {
      const answer = await rest.ask('/api/deployment/deploy', {
        method: 'POST',
        body: {
          name,
          type: 'compute',
          container_image: 'sim/ok',
          replicas: options.replicas,
          resources: { cpu: 0.5, memory: 512, storage: 1 },
          ...(options.limitSeconds === null ? {} : { lost_after: options.limitSeconds }),
        },
        key: `burst-${name}`,
        random: Math.random,
        signal,
      })
      if (answer === null) return
      if (answer.status !== 202) throw new Error(`${name} was not accepted: ${JSON.stringify(answer)}`)
      accepted.count += 1
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
}

async function stopInTheMiddle(
  stack: Stack,
  { options, accepted, signal }: { options: Options; accepted: { count: number }; signal: AbortSignal },
): Promise<void> {
  if (options.stopSeconds === 0) return
  while (accepted.count < options.deployments / 2 && !signal.aborted) await sleep(5)
  const goOn = stack.program('web').pause()
  say(`The web server is stopped, ${accepted.count} deployments accepted`)
  await sleep(options.stopSeconds * 1000)
  goOn()
  say(`The web server goes on after ${options.stopSeconds} s`)
}

/** Retries patiently, because the query competes with the load that it watches. */
async function count(database: Database): Promise<Counts> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { rows } = await database.query<Counts>(countsSql)
      if (!rows[0]) throw new Error('The database counts nothing')
      return rows[0]
    } catch (error) {
      if (attempt === countAttempts) throw error
      await sleep(1_000)
    }
  }
}

const countAttempts = 60

const differ = ({ running: _, ...one }: Counts, { running: __, ...other }: Counts): boolean =>
  JSON.stringify(one) !== JSON.stringify(other)

const spelledOut = (counts: Counts): string =>
  `${counts.running} run; lost ${counts.lost}, failed ${counts.failed}, placed again ${counts.replaced}, deployments failed ${counts.deploymentsFailed}, nodes gone offline ${counts.wentOffline}, outage protections ${counts.protections}`

function verdict(counts: Counts, { options, deaths }: { options: Options; deaths: string[] }): number {
  const total = options.deployments * options.replicas
  const wrong = [
    ...deaths,
    ...(counts.running === total ? [] : [`${total - counts.running} of ${total} replicas do not run`]),
    ...(counts.lost +
      counts.failed +
      counts.replaced +
      counts.deploymentsFailed +
      counts.wentOffline +
      counts.protections ===
    0
      ? []
      : [`Slowness was taken for failure: ${spelledOut(counts)}`]),
  ]
  for (const what of wrong) say(what)
  say(
    wrong.length === 0
      ? `All ${total} replicas run; ${spelledOut(counts)}`
      : `Not as promised; logs are in ${logFolder}`,
  )
  return wrong.length === 0 ? 0 : 1
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof FlagError ? error.message : (error.stack ?? error)}\n`)
    process.exit(2)
  },
)

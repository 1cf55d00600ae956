/** Staged scenes that measure what one fault does and how long recovery takes. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosOptions } from './chaos-options'
import { type Environment, type EnvironmentPlan, inEnvironment } from './run'

interface Scenario {
  what: string
  /** @returns whether the product behaved as promised. */
  play: (options: ChaosOptions, say: Say) => Promise<boolean>
}

type Say = (text: string) => void

export const scenarios: Record<string, Scenario> = {
  leader: { what: 'the leading scheduler is killed: the next one goes on within 5 s', play: killLeaders },
  node: { what: 'a node is killed: its replicas run elsewhere within 60 s', play: killNode },
  protection: {
    what: '40 of 60 nodes of a region are cut off: nothing moves, and healed all is as before',
    play: cutRegion,
  },
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

const killings = 5
const leaderLimitMs = 5_000

async function killLeaders(options: ChaosOptions, say: Say): Promise<boolean> {
  return inEnvironment(environmentOf(options, [{ nodes: 6, regions: ['us-east'] }]), say, async (environment) => {
    const { stack, database } = environment
    await deployAndWait(environment, { name: 'warm-up', replicas: 1 })
    const took: number[] = []
    for (let round = 1; round <= killings; round += 1) {
      const leader = await leadingScheduler(environment)
      const killedAt = performance.now()
      await stack.program(leader).kill()
      const id = await deploy(environment, { name: `after-${round}`, replicas: 1 })
      const decided = async () =>
        ((await database.query('select 1 from decisions where deployment_id = $1', [id])).rowCount ?? 0) > 0
      await until(decided, { timeoutMs: 60_000, everyMs: 20, what: 'a decision after the leader was killed' })
      took.push(performance.now() - killedAt)
      say(`${leader} killed while it led: ${seconds(took.at(-1) ?? 0)} until the other one had decided`)
      await stack.program(leader).start()
      // Until the second scheduler stands by.
      await sleep(5_000)
    }
    say(`Longest: ${seconds(Math.max(...took))}; promised: ${seconds(leaderLimitMs)}`)
    return Math.max(...took) <= leaderLimitMs
  })
}

const nodeLimitMs = 60_000

async function killNode(options: ChaosOptions, say: Say): Promise<boolean> {
  // Each node has an agent program of its own.
  const fleets = Array.from({ length: 6 }, () => ({ nodes: 1, regions: ['us-east'] }))
  return inEnvironment(environmentOf(options, fleets), say, async (environment) => {
    const { stack, database } = environment
    const id = await deployAndWait(environment, { name: 'replaced', replicas: 3 })
    const { rows } = await database.query<{ node: string }>(
      'select n.node_id as node from deployment_replicas r join nodes n on n.id = r.node_id where r.deployment_id = $1 order by slot',
      [id],
    )
    const node = rows[0]?.node ?? ''
    const killedAt = performance.now()
    await stack.program(`fleet-${/^f(\d+)-/.exec(node)?.[1]}`).kill()
    say(`${node} killed`)
    const replaced = async () => {
      const { rows: running } = await database.query<{ node: string; status: string }>(
        `select n.node_id as node, d.status from deployment_replicas r join nodes n on n.id = r.node_id join deployments d on d.id = r.deployment_id
         where d.id = $1 and r.status = 'running' and r.wanted = 'run'`,
        [id],
      )
      return running.length === 3 && running.every((one) => one.node !== node && one.status === 'running')
    }
    await until(replaced, { timeoutMs: 300_000, everyMs: 100, what: 'all replicas to run elsewhere' })
    const tookMs = performance.now() - killedAt
    say(
      `All 3 replicas run, none on ${node}, ${seconds(tookMs)} after it was killed; promised: ${seconds(nodeLimitMs)}`,
    )
    return tookMs <= nodeLimitMs
  })
}

/** Long enough for everything to be replaced without outage protection. */
const cutMs = 75_000

async function cutRegion(options: ChaosOptions, say: Say): Promise<boolean> {
  const region = { nodes: 20, regions: ['us-east'] }
  const elsewhere = { nodes: 30, regions: ['eu-west'] }
  return inEnvironment(
    environmentOf(options, [region, region, region, elsewhere, elsewhere, elsewhere]),
    say,
    async (environment) => {
      const { stack, database, watch } = environment
      for (let index = 1; index <= 4; index += 1)
        await deployAndWait(environment, { name: `region-${index}`, replicas: 50, region: 'us-east' })
      const inspect = async () => ({
        replicas: (
          await database.query<{ id: string }>(
            `select id, status, wanted, container_id, started_at from deployment_replicas order by id`,
          )
        ).rows,
        containers: (await watch.containers.inspect()).map(({ id, state }) => `${id} ${state}`).sort(),
      })
      const before = await inspect()
      const cut = ['fleet-1', 'fleet-2']
      for (const name of cut) stack.wire(name).cut()
      say(`40 of 60 nodes of us-east cut off, with ${before.replicas.length} replicas running in it`)
      await sleep(cutMs)
      const during = await inspect()
      const { rows } = await database.query<{ offline: number }>(
        `select count(*)::int as offline from nodes where status = 'offline'`,
      )
      const held = JSON.stringify(during) === JSON.stringify(before)
      say(
        `After ${seconds(cutMs)}: ${rows[0]?.offline} nodes offline; replicas and containers ${held ? 'as before' : 'MOVED'}`,
      )
      for (const name of cut) stack.wire(name).heal()
      const online = async () => (await database.query(`select 1 from nodes where status = 'offline'`)).rowCount === 0
      await until(online, { timeoutMs: 120_000, everyMs: 500, what: 'all nodes to be heard again' })
      await sleep(15_000)
      const after = await inspect()
      const same = JSON.stringify(after) === JSON.stringify(before)
      say(`Healed: ${same ? 'the same replicas in the same containers, none restarted' : 'something CHANGED'}`)
      return held && same
    },
  )
}

const environmentOf = ({ breaks }: ChaosOptions, fleets: EnvironmentPlan['fleets']): EnvironmentPlan => ({
  fleets,
  engines: 0,
  breaks,
})

interface DeployRequest {
  name: string
  replicas: number
  region?: string
}

async function deploy({ rest }: Environment, { name, replicas, region }: DeployRequest): Promise<string> {
  const answer = await rest.ask('/api/deployment/deploy', {
    method: 'POST',
    body: {
      ...{ name, type: 'compute', container_image: 'nginx:latest', replicas, ...(region ? { region } : {}) },
      ...{ resources: { cpu: 0.5, memory: 512, storage: 1 }, max_per_node: 2 },
    },
    key: `show-${name}`,
    random: () => 0,
    signal: AbortSignal.timeout(120_000),
  })
  if (answer?.status !== 202) throw new Error(`${name} was not accepted: ${JSON.stringify(answer)}`)
  return (answer.body as { deployment_id: string }).deployment_id
}

async function deployAndWait(environment: Environment, request: DeployRequest): Promise<string> {
  const id = await deploy(environment, request)
  const running = async () =>
    (await environment.database.query(`select 1 from deployments where id = $1 and status = 'running'`, [id]))
      .rowCount === 1
  await until(running, { timeoutMs: 120_000, everyMs: 200, what: `${request.name} to run` })
  return id
}

async function leadingScheduler({ stack, database }: Environment): Promise<string> {
  let found: string | null = null
  const known = async () => {
    found = stack.schedulerOf(await database.leader())
    return found !== null
  }
  await until(known, { timeoutMs: 60_000, everyMs: 200, what: 'a leader' })
  return found ?? ''
}

async function until(
  isSo: () => Promise<boolean>,
  { timeoutMs, everyMs, what }: { timeoutMs: number; everyMs: number; what: string },
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Waited ${seconds(timeoutMs)} in vain for ${what}`)
    await sleep(everyMs)
  }
}

/** From accepted to running on a real container engine. npm run bench -- engine */
import { setTimeout as sleep } from 'node:timers/promises'
import { DockerEngine } from '@/agent/engines/docker/engine'
import { startEngines, unavailable } from '@/testing/engines/cluster'
import { median, tableText } from './common/measure'
import { benchmark, print } from './common/program'
import { type Contender, groupSize } from './engine/contenders'
import { Fogdeck } from './engine/fogdeck'
import { Raw } from './engine/raw'
import { Starts } from './engine/starts'
import { Swarm } from './engine/swarm'

const program = benchmark(
  'engine',
  `One real Docker Engine, started for this: how long until three containers run when the engine is called directly, when they
are a deployment of Fogdeck (from its acceptance on; web server, scheduler and agent as people run them) and when they are a
service of Docker Swarm on the same engine (from its acceptance on). Then the same for many groups of three at once. All read the
same clock: the engine's own announcements of starts. All of it on an engine that gives each container an address on its bridge,
as engines do, and on one without a bridge, where a start is no more than the start. Needs root and Docker on Linux.`,
  { bursts: 3, deployments: 100 },
)
const deployments = program.number('deployments')

const networks = ['bridge', 'none'] as const
const contenders = ['raw', 'fogdeck', 'swarm'] as const
type Times = Record<(typeof contenders)[number], number>

interface Ring {
  all: Record<keyof Times, Contender>
  docker: DockerEngine
  starts: Starts
}

/** Runs all contenders, one after the other. Times are in milliseconds. */
async function round({ all, docker, starts }: Ring, count: number): Promise<Times> {
  const times: Times = { raw: 0, fogdeck: 0, swarm: 0 }
  for (const name of contenders) {
    times[name] = await all[name].start(count, starts)
    await all[name].clear()
    // Removal of the previous containers must be complete.
    while ((await containersLeft(docker)) > 0) await sleep(100)
  }
  return times
}

async function containersLeft({ http }: DockerEngine): Promise<number> {
  const all = await http.json({ path: '/containers/json', query: { all: true } })
  return Array.isArray(all) ? all.length : 0
}

interface Measured {
  lone: Times[]
  bursts: Times[]
}

async function measure(network: (typeof networks)[number]): Promise<Measured> {
  const cluster = await startEngines(1, { network })
  const socket = cluster.engines[0]?.socket ?? ''
  const docker = new DockerEngine({ socketPath: socket, usage: 'containers' })
  let fogdeck: Fogdeck | null = null
  const starts = await Starts.follow(docker.http)
  try {
    fogdeck = await Fogdeck.start(socket)
    const ring = { all: { raw: new Raw(docker), fogdeck, swarm: await Swarm.init(docker.http) }, docker, starts }
    await round(ring, 1)
    const lone: Times[] = []
    for (let i = 0; i < program.number('rounds'); i++) lone.push(await round(ring, 1))
    const bursts: Times[] = []
    for (let i = 0; i < program.number('bursts'); i++) bursts.push(await round(ring, deployments))
    return { lone, bursts }
  } finally {
    starts.close()
    await fogdeck?.stop()
    await cluster.stop()
  }
}

const reason = unavailable()
if (reason) {
  print(`This benchmark cannot run here: ${reason}`)
  process.exit(1)
}

const of = (times: Times[], pick: (one: Times) => number): number => median(times.map(pick))
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const rate = (times: Times[], name: keyof Times) =>
  `${of(times, (one) => (1000 * deployments * groupSize) / one[name]).toFixed(1)} starts/s`
const ratios = ({ lone, bursts }: Measured) => ({
  loneOverRaw: of(lone, (one) => one.fogdeck / one.raw),
  loneSwarmOverFogdeck: of(lone, (one) => one.swarm / one.fogdeck),
  burstShareOfRaw: of(bursts, (one) => one.raw / one.fogdeck),
  burstSwarmOverFogdeck: of(bursts, (one) => one.swarm / one.fogdeck),
})
const columns = (cell: (name: keyof Times) => string) => contenders.map(cell)

const all: Record<string, Measured & ReturnType<typeof ratios>> = {}
for (const network of networks) {
  const measured = await measure(network)
  all[network] = { ...measured, ...ratios(measured) }
}

const each = Object.entries(all)
const { lone = [], bursts = [] } = all.bridge ?? {}
print(
  tableText(
    [
      `medians of ${lone.length} rounds; of ${bursts.length} for the bursts`,
      'network',
      'engine alone',
      'Fogdeck',
      'Docker Swarm',
    ],
    each.flatMap(([network, { lone, bursts }]) => [
      [
        '3 containers, accepted → running',
        network,
        ...columns((name) => `${of(lone, (one) => one[name]).toFixed(0)} ms`),
      ],
      [
        `${deployments} × 3 containers, all running after`,
        network,
        ...columns((name) => seconds(of(bursts, (one) => one[name]))),
      ],
      ['… starts a second', network, ...columns((name) => rate(bursts, name))],
    ]),
  ),
)
print('')
const row = (what: string, ratio: keyof ReturnType<typeof ratios>, wanted: string) => [
  what,
  ...each.map(([, measured]) => measured[ratio].toFixed(2)),
  wanted,
]
print(
  tableText(
    ['ratio', ...each.map(([network]) => network), 'wanted'],
    [
      row('one deployment, of the engine alone', 'loneOverRaw', '≤ 1.05'),
      row('one deployment, times faster than Swarm', 'loneSwarmOverFogdeck', '≥ 2'),
      row('burst, share of the engine alone', 'burstShareOfRaw', '≥ 0.9'),
      row('burst, times faster than Swarm', 'burstSwarmOverFogdeck', '≥ 5'),
    ],
  ),
)
program.save({ deployments, networks: all })

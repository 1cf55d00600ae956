/** From accepted to running on a real container engine. npm run bench -- engine */
import { setTimeout as sleep } from 'node:timers/promises'
import { DockerEngine } from '@/agent/docker/engine'
import { startEngines, unavailable } from '@/tests/engines/bed'
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
same clock: the engine's own announcements of starts. Needs root and Docker on Linux.`,
  { bursts: 3, deployments: 100 },
)
const deployments = program.number('deployments')

const contenders = ['raw', 'fogdeck', 'swarm'] as const
type Times = Record<(typeof contenders)[number], number>

interface Ring {
  all: Record<keyof Times, Contender>
  docker: DockerEngine
  starts: Starts
}

/** All of them, one after the other; milliseconds. */
async function round({ all, docker, starts }: Ring, count: number): Promise<Times> {
  const times: Times = { raw: 0, fogdeck: 0, swarm: 0 }
  for (const name of contenders) {
    times[name] = await all[name].start(count, starts)
    await all[name].clear()
    // Nothing of the one before may still be at work.
    while ((await containersLeft(docker)) > 0) await sleep(100)
  }
  return times
}

async function containersLeft({ http }: DockerEngine): Promise<number> {
  const all = await http.json({ path: '/containers/json', query: { all: true } })
  return Array.isArray(all) ? all.length : 0
}

async function measure(): Promise<{ lone: Times[]; bursts: Times[] }> {
  const bed = await startEngines(1)
  const socket = bed.engines[0]?.socket ?? ''
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
    await bed.stop()
  }
}

const reason = unavailable()
if (reason) {
  print(`This benchmark cannot run here: ${reason}`)
  process.exit(1)
}
const { lone, bursts } = await measure()
const of = (times: Times[], pick: (one: Times) => number): number => median(times.map(pick))
const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
const rate = (times: Times[], name: keyof Times) =>
  `${of(times, (one) => (1000 * deployments * groupSize) / one[name]).toFixed(1)} starts/s`
const results = {
  loneMs: {
    raw: of(lone, (one) => one.raw),
    fogdeck: of(lone, (one) => one.fogdeck),
    swarm: of(lone, (one) => one.swarm),
  },
  loneOverRaw: of(lone, (one) => one.fogdeck / one.raw),
  loneSwarmOverFogdeck: of(lone, (one) => one.swarm / one.fogdeck),
  burstShareOfRaw: of(bursts, (one) => one.raw / one.fogdeck),
  burstSwarmOverFogdeck: of(bursts, (one) => one.swarm / one.fogdeck),
}
print(
  tableText(
    [
      `medians of ${lone.length} rounds; of ${bursts.length} for the bursts`,
      '',
      'engine alone',
      'Fogdeck',
      'Docker Swarm',
    ],
    [
      ['3 containers, accepted → running', '', ...contenders.map((name) => `${results.loneMs[name].toFixed(0)} ms`)],
      ...(bursts.length > 0
        ? [
            [
              `${deployments} × 3 containers, all running after`,
              '',
              ...contenders.map((name) => seconds(of(bursts, (one) => one[name]))),
            ],
            ['… starts a second', '', ...contenders.map((name) => rate(bursts, name))],
          ]
        : []),
    ],
  ),
)
print('')
print(
  tableText(
    ['ratio', '', 'measured', 'wanted'],
    [
      ['one deployment, of the engine alone', '', results.loneOverRaw.toFixed(2), '≤ 1.05'],
      ['one deployment, times faster than Swarm', '', results.loneSwarmOverFogdeck.toFixed(2), '≥ 2'],
      ['burst, share of the engine alone', '', results.burstShareOfRaw.toFixed(2), '≥ 0.9'],
      ['burst, times faster than Swarm', '', results.burstSwarmOverFogdeck.toFixed(2), '≥ 5'],
    ],
  ),
)
program.save({ deployments, ...results, lone, bursts })

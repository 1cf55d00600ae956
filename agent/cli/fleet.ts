/** `npm run fleet`: many simulated nodes in one process, with one credential. */
import { join } from 'node:path'
import { inFile, SimulatedEngine } from '@/agent/engines/simulated/engine'
import { systemClock } from '@/agent/lib/clock'
import { dataDirOf, joinTokenOf } from '@/agent/lib/identity'
import { lockDataDir } from '@/agent/lib/lock'
import { createLogger } from '@/agent/lib/log'
import { readMachine } from '@/agent/lib/machine'
import { seeded } from '@/agent/lib/random'
import { Runner } from '@/agent/loop/runner'
import { TrpcControlPlane } from '@/agent/transport/client'
import { exitOnSignals, explainAndExit } from './exit'
import { choiceFlag, FlagError, isName, nameFlag, numberFlag, parseFlags, serverFlag, textFlag } from './flags'
import { defaultRegions, planFleet } from './fleet-plan'

const help = `Runs many simulated nodes in one process, the same fleet for the same seed.

  FOGDECK_JOIN_TOKEN=TOKEN npm run fleet -- --server URL --nodes 1000

  --server URL       the control plane, such as http://localhost:3000
  --token TOKEN      a join token for as many nodes, needed for new nodes only. Every user of this machine can read it
                     in the list of processes: give it as FOGDECK_JOIN_TOKEN instead
  --nodes N          how many nodes (12); with fewer than before, the others go offline until they start again
  --regions a,b,c    their regions in turn (${defaultRegions.join(',')})
  --seed N           another number, another fleet (7)
  --gpu-nodes N      how many nodes have GPUs (every sixth)
  --prefix TEXT      node names are this and a number (node-)
  --load KIND        moving as in real life (the default), or still: the same whenever it is measured
  --name NAME        the name of this program's data folder (fleet)
  --data-dir DIR     where the fleet keeps who it is (FOGDECK_AGENT_DIR, else agents/NAME in FOGDECK_DATA_DIR, which
                     is .fogdeck)

Images say how simulated containers behave: sim/ok, sim/slow:20s (start takes 20 s), sim/fail-pull, sim/crash:5s,
sim/unhealthy, sim/chatty:5ms (writes a line that often), sim/quiet (writes none); any other image just runs.`

const main = async () => {
  const names = ['server', 'token', 'nodes', 'regions', 'seed', 'gpu-nodes', 'prefix', 'load', 'name', 'data-dir']
  const flags = parseFlags(process.argv.slice(2), names)
  if (flags.help) return void process.stdout.write(`${help}\n`)

  const nodes = numberFlag(flags, 'nodes', { min: 1, max: 20_000, whole: true }) ?? 12
  const seed = numberFlag(flags, 'seed', { min: 0, max: 2 ** 32 - 1, whole: true }) ?? 7
  const gpuNodes = numberFlag(flags, 'gpu-nodes', { min: 0, max: nodes, whole: true })
  const regions = textFlag(flags, 'regions')?.split(',') ?? defaultRegions
  for (const region of regions) if (!isName(region)) throw new FlagError(`--regions has "${region}", which is no name`)
  const plan = planFleet({ nodes, regions, seed, gpuNodes, prefix: nameFlag(flags, 'prefix') ?? 'node-' })
  const still = choiceFlag(flags, 'load', ['moving', 'still']) === 'still'
  const dataDir = dataDirOf(nameFlag(flags, 'name') ?? 'fleet', textFlag(flags, 'data-dir'))
  await lockDataDir(dataDir)

  const engines = new Map(
    plan.map((node) => {
      const store = inFile(join(dataDir, 'engines', `${node.name}.json`))
      const engine = new SimulatedEngine({ name: node.name, seed, capacity: node, still, store, clock: systemClock })
      return [node.name, engine]
    }),
  )
  const runner = new Runner({
    server: serverFlag(flags),
    token: joinTokenOf(textFlag(flags, 'token')),
    dataDir,
    names: plan.map((node) => node.name),
    describe: async () => plan,
    engineOf: (name) => {
      const engine = engines.get(name)
      if (!engine) throw new Error(`this fleet has no node ${name}`)
      return engine
    },
    durable: false,
    connect: (server, speaker) => new TrpcControlPlane(server, speaker, systemClock),
    machine: () => readMachine(),
    onEnd: explainAndExit('fleet'),
    clock: systemClock,
    random: seeded(seed ^ process.pid),
    log: createLogger('fleet'),
  })
  exitOnSignals(() => runner.stop())
  await runner.start()
}

main().catch(explainAndExit('fleet'))

/** `npm run agent`: runs this machine as one node. */
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DockerEngine } from '@/agent/engines/docker/engine'
import type { Engine } from '@/agent/engines/engine'
import { isUnreachable } from '@/agent/engines/engine'
import { inFile, SimulatedEngine } from '@/agent/engines/simulated/engine'
import { sleep, systemClock } from '@/agent/lib/clock'
import { dataDirOf, joinTokenOf } from '@/agent/lib/identity'
import { lockDataDir } from '@/agent/lib/lock'
import { createLogger, messageOf } from '@/agent/lib/log'
import { readMachine } from '@/agent/lib/machine'
import { hash, seeded } from '@/agent/lib/random'
import { Runner } from '@/agent/loop/runner'
import { TrpcControlPlane } from '@/agent/transport/client'
import { exitOnSignals, explainAndExit } from './exit'
import { nameOfHost, parseFlags, serverFlag, textFlag } from './flags'
import { describeNode, merged, readSettings, type Settings, settingsOfFlags, socketOf, writeSettings } from './settings'

const help = `Makes this machine a node of a Fogdeck control plane.

  FOGDECK_JOIN_TOKEN=TOKEN npm run agent -- --server URL

  --server URL       the control plane, such as http://localhost:3000
  --token TOKEN      a join token; needed the first time only. Every user of this machine can read it in the list of
                     processes: give it as FOGDECK_JOIN_TOKEN instead
  --name NAME        the node's name (this machine's host name)
  --region NAME      where it is (local)
  --location LAT,LON the same in degrees, such as 52.5,13.4
  --type NAME        what kind of node it is (compute_node)
  --label KEY=VALUE  for placement constraints; may be repeated
  --engine KIND      docker (also for Podman) or simulated (docker)
  --socket PATH      the engine's socket (DOCKER_HOST, else the usual places)
  --cpu N            cores that may be used (all)
  --memory N         memory that may be used, in MiB (all)
  --storage N        storage that may be used, in GiB (the file system of the engine's data)
  --gpu N            GPUs that may be used (0)
  --usage KIND       what counts as use: host, all that this machine does, or containers, only the node's own against
                     its capacity (host; containers when --cpu or --memory is given)
  --data-dir DIR     where the node keeps who it is (FOGDECK_AGENT_DIR, else agents/NAME in FOGDECK_DATA_DIR, which is
                     .fogdeck)

Everything said here is kept in the data folder: a restart needs --name or --data-dir alone. Images are pulled when the
engine does not have them. Ending the agent leaves its containers running; its next start finds them again.`

const textFlags = ['server', 'token', 'name', 'region', 'location', 'type', 'engine', 'socket', 'cpu', 'memory']
const moreFlags = ['storage', 'gpu', 'usage', 'data-dir']

const main = async () => {
  const flags = parseFlags(process.argv.slice(2), [...textFlags, ...moreFlags], ['label'])
  if (flags.help) return void process.stdout.write(`${help}\n`)

  const reported = settingsOfFlags(flags)
  const server = serverFlag(flags)
  const dataDir = dataDirOf(reported.name ?? nameOfHost(hostname()), textFlag(flags, 'data-dir'))
  const settings = merged(await readSettings(dataDir), reported)
  const name = settings.name ?? nameOfHost(hostname())
  await lockDataDir(dataDir)

  const engine = engineOf(name, settings, dataDir)
  const log = createLogger('agent')
  const runner = new Runner({
    server,
    token: joinTokenOf(textFlag(flags, 'token')),
    dataDir,
    names: [name],
    describe: async () => [describeNode(name, settings, await engine.info().catch(explainMissing))],
    engineOf: () => engine,
    durable: true,
    connect: (address, speaker) => new TrpcControlPlane(address, speaker, systemClock),
    machine: async () => readMachine(await engineIdOf(engine)),
    onEnd: explainAndExit('agent'),
    clock: systemClock,
    random: seeded(hash(name, process.pid)),
    log,
  })
  exitOnSignals(() => runner.stop())
  await runner.start()
  await writeSettings(dataDir, { ...settings, name })
}

const engineOf = (name: string, settings: Settings, dataDir: string): Engine => {
  const { cpuCores, memoryMb, storageGb } = settings
  if (settings.engine === 'simulated') {
    const capacity = { cpuCores: cpuCores ?? 4, memoryMb: memoryMb ?? 8_192, storageGb: storageGb ?? 100 }
    const store = inFile(join(dataDir, 'engines', `${name}.json`))
    return new SimulatedEngine({ name, seed: hash(name), capacity, store, clock: systemClock })
  }
  const isPart = cpuCores !== undefined || memoryMb !== undefined
  const usage = settings.usage ?? (isPart ? 'containers' : 'host')
  return new DockerEngine({ socketPath: socketOf(settings), usage, capacity: { cpuCores, memoryMb } })
}

/** An engine that is down or frozen must not hold up the rest. */
const engineIdOf = (engine: Engine): Promise<string | null> => {
  const id = engine.info().then(
    (info) => info.id,
    () => null,
  )
  return Promise.race([id, sleep(systemClock, 2_000).then(() => null)])
}

const explainMissing = (error: unknown): never => {
  if (!isUnreachable(error)) throw error
  const advice = "start Docker or Podman's socket, name another one with --socket PATH, or try --engine simulated"
  throw new Error(`${messageOf(error)}: ${advice}`)
}

main().catch(explainAndExit('agent'))

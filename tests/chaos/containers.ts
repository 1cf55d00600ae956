/** What real and simulated engines hold, independent of what their agents report. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DockerEngine } from '@/agent/engines/docker/engine'
import type { SeenContainer } from '@/agent/engines/engine'
import { SimulatedEngine } from '@/agent/engines/simulated/engine'
import { systemClock } from '@/agent/lib/clock'
import type { Stack } from './stack'

export interface FoundContainer extends SeenContainer {
  /** fleet-1… or engine-1… */
  host: string
  /** The reference that the deployment names. */
  image: string
  /** What the container runs: the digest or the id of its image. */
  content: string
}

/** A clock without alarms: nothing here outlives one inspection. */
const clock = { ...systemClock, after: () => () => undefined }
const callTimeoutMs = 2_000
const capacity = { cpuCores: 1, memoryMb: 1, storageGb: 1 }

export class Containers {
  /** Replicas of which a started container was ever seen. */
  readonly started = new Set<string>()
  private readonly real: { name: string; engine: DockerEngine }[]

  constructor(private readonly stack: Stack) {
    this.real = (stack.cluster?.engines ?? []).map(({ socket }, index) => ({
      name: `engine-${index + 1}`,
      engine: new DockerEngine({ socketPath: socket, usage: 'containers', callTimeoutMs }),
    }))
  }

  /** Everything that is visible now. An engine that does not answer is left out. */
  async inspect(): Promise<FoundContainer[]> {
    const found = (await Promise.all([...this.simulated(), ...this.onReal()])).flat()
    for (const { replicaId, state } of found) if (wasStarted.has(state)) this.started.add(replicaId)
    return found
  }

  /** The containers of one host, or null when it does not answer. */
  async inspectHost(host: string): Promise<FoundContainer[] | null> {
    const real = this.real.find(({ name }) => name === host)
    if (real) return inEngine(host, real.engine).catch(() => null)
    const index = Number(host.slice('fleet-'.length)) - 1
    const folder = this.stack.fleetFolders[index]
    return folder === undefined ? null : this.inFolder(host, folder)
  }

  private simulated(): Promise<FoundContainer[]>[] {
    return this.stack.fleetFolders.map((folder, index) => this.inFolder(`fleet-${index + 1}`, folder))
  }

  private async inFolder(host: string, folder: string): Promise<FoundContainer[]> {
    const engines = join(folder, 'engines')
    // The folder is created with the first container.
    if (!existsSync(engines)) return []
    const files = readdirSync(engines).filter((name) => name.endsWith('.json'))
    const lists = files.map((file) => inFile(host, file.slice(0, -'.json'.length), join(engines, file)))
    return (await Promise.all(lists)).flat()
  }

  private onReal(): Promise<FoundContainer[]>[] {
    return this.real.map(({ name, engine }) => inEngine(name, engine).catch(() => []))
  }
}

const wasStarted: ReadonlySet<string> = new Set(['running', 'paused', 'exited'])

/** Of a container that disappeared in between. */
const unknown = { content: '', image: '' }

/** Reads the file of a simulated engine once, so that containers and contents are from one moment. */
async function inFile(host: string, name: string, path: string): Promise<FoundContainer[]> {
  const text = readFileSync(path, 'utf8')
  const store = () => ({ load: async () => text, save: async () => undefined })
  const engine = new SimulatedEngine({ name, seed: 0, capacity, store, clock })
  const kept = JSON.parse(text) as { containers: { id: string; content: string; spec: { image: string } }[] }
  const runs = new Map(kept.containers.map(({ id, content, spec }) => [id, { content, image: spec.image }]))
  return (await engine.list()).map((each) => ({ ...each, host, ...(runs.get(each.id) ?? unknown) }))
}

async function inEngine(host: string, engine: DockerEngine): Promise<FoundContainer[]> {
  const seen = await engine.list()
  const call = { path: '/containers/json', query: { all: true }, timeoutMs: callTimeoutMs }
  const listed = (await engine.http.json(call)) as { Id: string; Image: string; ImageID: string }[]
  const runs = new Map(listed.map(({ Id, Image, ImageID }) => [Id, { content: ImageID, image: Image }]))
  // Leaves out containers that disappeared between the two lists.
  const still = seen.filter(({ id }) => runs.has(id))
  return still.map((each) => ({ ...each, host, ...(runs.get(each.id) ?? unknown) }))
}

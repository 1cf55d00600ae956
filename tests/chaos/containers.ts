/** What the engines themselves hold, real and simulated, whatever their agents tell of it. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '@/agent/clock'
import { DockerEngine } from '@/agent/docker/engine'
import type { SeenContainer } from '@/agent/engine'
import { inFile, SimulatedEngine } from '@/agent/simulated/engine'
import type { Stack } from './stack'

export interface FoundContainer extends SeenContainer {
  /** fleet-1… or engine-1… */
  host: string
}

/** Time as it is, without alarms: nothing here outlives a look. */
const clock = { ...systemClock, after: () => () => undefined }
const capacity = { cpuCores: 1, memoryMb: 1, storageGb: 1 }

export class Containers {
  /** Replicas of which a container was ever seen to have been started. */
  readonly started = new Set<string>()
  private readonly real: { name: string; engine: DockerEngine }[]

  constructor(private readonly stack: Stack) {
    this.real = (stack.bed?.engines ?? []).map(({ socket }, index) => ({
      name: `engine-${index + 1}`,
      engine: new DockerEngine({ socketPath: socket, usage: 'containers', callTimeoutMs: 2_000 }),
    }))
  }

  /** All that can be seen now; an engine that does not answer is left out. */
  async look(): Promise<FoundContainer[]> {
    const found = (await Promise.all([...this.simulated(), ...this.onReal()])).flat()
    for (const { replicaId, state } of found) if (state === 'running' || state === 'exited') this.started.add(replicaId)
    return found
  }

  /** Of one host; null when it does not answer. */
  async lookAt(host: string): Promise<FoundContainer[] | null> {
    const real = this.real.find(({ name }) => name === host)
    if (real) return tagged(host, real.engine).catch(() => null)
    const index = Number(host.slice('fleet-'.length)) - 1
    const folder = this.stack.fleetFolders[index]
    return folder === undefined ? null : this.inFolder(host, folder)
  }

  private simulated(): Promise<FoundContainer[]>[] {
    return this.stack.fleetFolders.map((folder, index) => this.inFolder(`fleet-${index + 1}`, folder))
  }

  private async inFolder(host: string, folder: string): Promise<FoundContainer[]> {
    const engines = join(folder, 'engines')
    // Made with the first container.
    if (!existsSync(engines)) return []
    const files = readdirSync(engines).filter((name) => name.endsWith('.json'))
    const lists = files.map((file) => {
      const name = file.slice(0, -'.json'.length)
      return tagged(host, new SimulatedEngine({ name, seed: 0, capacity, store: inFile(join(engines, file)), clock }))
    })
    return (await Promise.all(lists)).flat()
  }

  private onReal(): Promise<FoundContainer[]>[] {
    return this.real.map(({ name, engine }) => tagged(name, engine).catch(() => []))
  }
}

const tagged = async (host: string, engine: { list(): Promise<SeenContainer[]> }): Promise<FoundContainer[]> =>
  (await engine.list()).map((container) => ({ ...container, host }))

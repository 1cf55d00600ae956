/**
 * An engine without real containers, for demo fleets and load tests. Image names decide how it pulls, starts, fails and
 * crashes (behaviour.ts), which takes a few hundred milliseconds as on real engines. It keeps its containers in one
 * file, so that they outlive the agent.
 */

import type {
  ContainerSpec,
  Engine,
  EngineEvents,
  EngineInfo,
  InspectedContainer,
  LogRequest,
  SeenContainer,
} from '@/agent/engines/engine'
import { EngineError } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { SavedFile, type StateStore } from '@/agent/lib/files'
import { between, chanceOf } from '@/agent/lib/random'
import { containerLabels } from '@/core/agents/protocol'
import {
  canonicalImage,
  canonicalRepository,
  type ImageContent,
  isImageDigest,
  parseImage,
} from '@/core/deployments/image'
import { behaviourOf } from './behaviour'
import { loadAt } from './load'
import { contentNow, contentOfDigest } from './registry'
import { hand, lastMessage, type Writing } from './writing'

interface SimulatedContainer {
  id: string
  spec: ContainerSpec
  /** The digest or id of the image. */
  content: string
  createdAt: number
  startedAt: number | null
  /** True when a restart of the machine ended the container. */
  killed?: boolean
  /** Set when the container was stopped; a crash follows from the start time and the image. */
  stoppedAt: number | null
  /** When its removal was first attempted and refused. */
  removalAt?: number
  /** True while somebody keeps it paused. */
  paused?: boolean
  ports: { container: number; host: number }[]
}

interface State {
  /** Images by the reference of the pull; a tag is not refreshed by itself. */
  pulled: { reference: string; content: ImageContent }[]
  containers: SimulatedContainer[]
  /** Number of containers ever created, so that ids never repeat. */
  made: number
  /** How often the machine restarted. */
  boots?: number
}

export interface SimulatedEngineOptions {
  /** The node's name; together with the seed it determines delays and load. */
  name: string
  seed: number
  capacity: { cpuCores: number; memoryMb: number; storageGb: number }
  labels?: Record<string, string>
  /** Whether the load depends only on the running containers and not on the time. */
  still?: boolean
  /** Creates the store of the containers from a function that renders them. */
  store: (render: () => string) => StateStore
  clock: Clock
}

const startEnded = new EngineError('refused', 'the container was stopped before it started')

/**
 * Stores the containers in a file, without fsync: nobody's data depends on it, and a fleet saves a thousand such files.
 */
export const inFile =
  (path: string): SimulatedEngineOptions['store'] =>
  (render) =>
    new SavedFile(path, render, false)

export class SimulatedEngine implements Engine {
  private state: State = { pulled: [], containers: [], made: 0 }
  private readonly saved: StateStore
  private loaded: Promise<void> | null = null
  private removalsRefused = false
  private readonly listeners = new Set<EngineEvents>()

  constructor(private readonly options: SimulatedEngineOptions) {
    this.saved = options.store(() => JSON.stringify(this.state))
  }

  now(): number {
    return this.options.clock.now()
  }

  async info(): Promise<EngineInfo> {
    return {
      id: null,
      kind: 'simulated',
      version: 'simulated',
      labels: this.options.labels ?? {},
      ...this.options.capacity,
    }
  }

  async session(): Promise<string> {
    await this.load()
    return `boot ${this.state.boots ?? 0}`
  }

  /** Simulates a power cut: running containers exit, and none is removed. */
  async reboot(): Promise<void> {
    await this.load()
    for (const each of this.state.containers) {
      if (!isAlive(this.viewOf(each))) continue
      each.stoppedAt = this.options.clock.now()
      each.killed = true
      each.paused = false
    }
    this.state.boots = (this.state.boots ?? 0) + 1
    await this.saved.save()
  }

  /**
   * Pauses or unpauses a container as `docker pause` and `docker unpause` do. Only a running container can be paused.
   */
  async setPaused(containerId: string, paused: boolean): Promise<void> {
    await this.load()
    const found = this.find(containerId)
    if (!found || this.viewOf(found).state !== (paused ? 'running' : 'paused')) return
    found.paused = paused
    await this.saved.save()
    this.announce(found)
  }

  /** Makes every removal fail until switched off, as with a busy file system. */
  refuseRemovals(refused: boolean): void {
    this.removalsRefused = refused
  }

  async usage(): Promise<{ cpuPercent: number; memoryPercent: number }> {
    await this.load()
    const { seed, name, capacity, clock, still = false } = this.options
    const containers = this.state.containers
      .filter((each) => this.viewOf(each).state === 'running')
      .map((each) => ({
        id: each.id,
        startedAt: still ? Number.NEGATIVE_INFINITY : (each.startedAt ?? 0),
        ...sizeOf(each.spec),
      }))
    return loadAt(still ? 0 : clock.now(), { seed, node: name, capacity, containers })
  }

  async list(): Promise<SeenContainer[]> {
    await this.load()
    return this.state.containers.map((each) => this.viewOf(each))
  }

  async inspect(containerId: string): Promise<InspectedContainer | null> {
    await this.load()
    const found = this.find(containerId)
    return found ? this.viewOf(found) : null
  }

  async image(image: string): Promise<ImageContent | null> {
    await this.load()
    return this.imageOf(image)
  }

  async pull(image: string, { signal, onProgress }: Parameters<Engine['pull']>[1]): Promise<void> {
    await this.load()
    onProgress()
    await sleep(this.options.clock, this.delay(image.split('@')[0] ?? image, 'pull', 150, 900), signal)
    signal.throwIfAborted()
    const behaviour = behaviourOf(image)
    if (behaviour.pull === 'fails') {
      throw new EngineError('refused', `manifest for ${image} not found: manifest unknown`, 404)
    }
    const { digest } = parseImage(image)
    const content = digest === null ? contentNow(image, this.options.clock.now()) : contentOfDigest(digest)
    const others = this.state.pulled.filter((each) => each.reference !== canonicalImage(image))
    this.state.pulled = [...others, { reference: canonicalImage(image), content }]
    await this.saved.save()
  }

  /** Finds an image by its tag, its digest in that repository, or its id. */
  private imageOf(image: string): ImageContent | null {
    const { pulled } = this.state
    if (isImageDigest(image)) return pulled.find(({ content }) => content.imageId === image)?.content ?? null
    const { digest } = parseImage(image)
    const found = pulled.find(({ reference, content }) =>
      digest === null
        ? reference === canonicalImage(image)
        : content.digest === digest && canonicalRepository(reference) === canonicalRepository(image),
    )
    return found?.content ?? null
  }

  async removeImage(image: string): Promise<void> {
    await this.load()
    const reference = canonicalImage(image)
    this.state.pulled = this.state.pulled.filter((each) => each.reference !== reference)
    await this.saved.save()
  }

  async diskUsedPercent(): Promise<null> {
    return null
  }

  async create(spec: ContainerSpec): Promise<string> {
    await this.load()
    const taken = this.state.containers.find((each) => each.spec.name === spec.name)
    if (taken) {
      const { replica, node } = containerLabels
      const ours = [replica, node].every((label) => taken.spec.labels[label] === spec.labels[label])
      if (ours) return taken.id
      throw new EngineError('refused', `Conflict. The container name "/${spec.name}" is already in use`, 409)
    }
    if (!this.imageOf(spec.image)) throw new EngineError('refused', `No such image: ${spec.image}`, 404)
    const id = this.newId()
    const createdAt = this.options.clock.now()
    // Environments may hold secrets and the simulation doesn't need them, so they are not written to the file.
    this.state.containers.push({
      id,
      // The reference determines the behaviour.
      spec: { ...spec, image: spec.reference, env: {} },
      content: this.imageOf(spec.image)?.digest ?? spec.image,
      createdAt,
      startedAt: null,
      stoppedAt: null,
      ports: [],
    })
    await this.saved.save()
    return id
  }

  async start(containerId: string, signal: AbortSignal): Promise<void> {
    await this.load()
    const found = this.find(containerId)
    if (!found) throw noSuch(containerId)
    if (this.viewOf(found).state === 'running') return
    const usual = this.delay(containerId, 'start', 80, 350)
    await sleep(this.options.clock, behaviourOf(found.spec.image).startMs ?? usual, signal)
    signal.throwIfAborted()
    if (!this.find(containerId)) throw startEnded
    found.ports = this.publish(found)
    found.startedAt = this.options.clock.now()
    found.stoppedAt = null
    found.killed = false
    found.paused = false
    await this.saved.save()
    this.announce(found)
    this.expectChanges(found)
  }

  async stop(containerId: string, _graceSeconds: number): Promise<void> {
    await this.load()
    const found = this.find(containerId)
    if (!found || this.viewOf(found).state !== 'running') return
    await sleep(this.options.clock, this.delay(containerId, 'stop', 30, 150))
    found.stoppedAt = this.options.clock.now()
    await this.saved.save()
    this.announce(found)
  }

  async remove(containerId: string): Promise<void> {
    await this.load()
    const found = this.find(containerId)
    if (!found) return
    if (this.refusesRemoval(found)) {
      await this.saved.save()
      this.announce(found)
      throw new EngineError('refused', `unable to remove filesystem for ${containerId}: device or resource busy`, 500)
    }
    this.state.containers = this.state.containers.filter((each) => each !== found)
    await this.saved.save()
    this.announce(found)
  }

  async lastLogLine(containerId: string): Promise<string | null> {
    await this.load()
    const found = this.find(containerId)
    const crashed = found && this.viewOf(found).exitCode === 1
    return crashed ? lastMessage(found.spec.image) : null
  }

  async logs(containerId: string, request: LogRequest): Promise<void> {
    await this.load()
    if (!this.find(containerId)) throw noSuch(containerId)
    await hand(request, this.options.clock, () => this.writingOf(containerId))
  }

  follow(events: EngineEvents, signal: AbortSignal): void {
    this.listeners.add(events)
    signal.addEventListener('abort', () => this.listeners.delete(events), { once: true })
    queueMicrotask(() => events.onOpen())
  }

  /** Like Docker, keeps an ended container whose removal is refused, until a later attempt. */
  private refusesRemoval(container: SimulatedContainer): boolean {
    const { removalRefusedMs } = behaviourOf(container.spec.image)
    if (removalRefusedMs === null && !this.removalsRefused) return false
    const now = this.options.clock.now()
    container.removalAt ??= now
    if (container.startedAt !== null) container.stoppedAt ??= now
    return this.removalsRefused || now < container.removalAt + (removalRefusedMs ?? 0)
  }

  private load(): Promise<void> {
    this.loaded ??= this.saved.load().then((text) => {
      if (text === null) return
      // Only this class writes the file, so its shape is trusted.
      this.state = { ...this.state, ...(JSON.parse(text) as State) }
      for (const each of this.state.containers) this.expectChanges(each)
    })
    return this.loaded
  }

  private find(containerId: string): SimulatedContainer | undefined {
    return this.state.containers.find((each) => each.id === containerId)
  }

  /** Null when the container was removed or never ran. */
  private writingOf(containerId: string): Writing | null {
    const found = this.find(containerId)
    if (!found || found.startedAt === null) return null
    const { id: container, spec, startedAt } = found
    const { state, exitCode } = this.viewOf(found)
    const crashedAt = startedAt + (behaviourOf(spec.image).crashAfterMs ?? 0)
    const endedAt = state === 'running' ? null : exitCode === 1 ? crashedAt : (found.stoppedAt ?? crashedAt)
    return { seed: this.options.seed, container, image: spec.image, startedAt, endedAt, crashed: exitCode === 1 }
  }

  /** The container's current state. */
  private viewOf(container: SimulatedContainer): InspectedContainer {
    const { spec, startedAt, stoppedAt, createdAt, id } = container
    const now = this.options.clock.now()
    const { crashAfterMs, health } = behaviourOf(spec.image)
    const crashed = startedAt !== null && crashAfterMs !== null && (stoppedAt ?? now) >= startedAt + crashAfterMs
    const hasEnded = crashed || stoppedAt !== null
    const removing = container.removalAt !== undefined
    const alive = container.paused ? 'paused' : 'running'
    const state = removing ? 'removing' : startedAt === null ? 'created' : hasEnded ? 'exited' : alive
    const checked = health !== null && startedAt !== null && now >= startedAt + health.afterMs
    return {
      id,
      nodeId: spec.labels[containerLabels.node] ?? '',
      deploymentId: spec.labels[containerLabels.deployment] ?? '',
      replicaId: spec.labels[containerLabels.replica] ?? '',
      slot: Number(spec.labels[containerLabels.slot] ?? -1),
      generation: Number(spec.labels[containerLabels.generation] ?? -1),
      state,
      health: state !== 'running' || health === null ? null : checked ? health.verdict : 'starting',
      createdAt,
      exitCode: hasEnded ? (crashed ? 1 : container.killed ? 137 : 0) : null,
      oomKilled: false,
      env: {},
      error: '',
      startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
      finishedAt:
        state !== 'exited' || startedAt === null
          ? null
          : new Date(crashed ? startedAt + (crashAfterMs ?? 0) : (stoppedAt ?? startedAt)).toISOString(),
      checkOutput: state === 'running' && checked && health.verdict === 'unhealthy' ? checkOutputOf(spec.image) : '',
      ports: state === 'running' ? container.ports : [],
    }
  }

  /** Schedules events for the changes (health, crash) that the image causes. */
  private expectChanges(container: SimulatedContainer): void {
    if (container.startedAt === null || container.stoppedAt !== null) return
    const startedAt = container.startedAt
    const { crashAfterMs, health } = behaviourOf(container.spec.image)
    const expect = (dueAt: number) => {
      const { clock } = this.options
      clock.after(Math.max(0, dueAt - clock.now()), () => {
        if (!this.find(container.id) || container.startedAt !== startedAt) return
        // A timer may fire a millisecond early by the clock that states are computed from.
        if (clock.now() < dueAt) expect(dueAt)
        else this.announce(container)
      })
    }
    for (const afterMs of [crashAfterMs, health?.afterMs ?? null]) if (afterMs !== null) expect(startedAt + afterMs)
  }

  private announce(container: SimulatedContainer): void {
    const replicaId = container.spec.labels[containerLabels.replica] ?? null
    for (const listener of this.listeners) listener.onContainer(container.id, replicaId)
  }

  private publish(container: SimulatedContainer): { container: number; host: number }[] {
    const others = this.state.containers.filter((each) => each !== container && this.viewOf(each).state === 'running')
    const taken = new Set(others.flatMap((each) => each.ports.map((port) => port.host)))
    return container.spec.ports.map((port) => {
      let host = port.host ?? 32_768
      while (port.host === null && taken.has(host)) host += 1
      if (taken.has(host)) {
        throw new EngineError('refused', `Bind for 0.0.0.0:${host} failed: port is already allocated`, 500)
      }
      taken.add(host)
      return { container: port.container, host }
    })
  }

  private newId(): string {
    const { seed, name } = this.options
    this.state.made += 1
    const part = (index: number) => Math.floor(chanceOf(seed, name, this.state.made, index) * 2 ** 32)
    return Array.from({ length: 8 }, (_, index) => part(index).toString(16).padStart(8, '0')).join('')
  }

  private delay(what: string, step: string, minMs: number, maxMs: number): number {
    return Math.round(between(chanceOf(this.options.seed, this.options.name, what, step), minMs, maxMs))
  }
}

const isAlive = ({ state }: SeenContainer): boolean => state === 'running' || state === 'paused'

const checkOutputOf = (image: string): string => `simulated health check of ${image}: connection refused`

const sizeOf = (spec: ContainerSpec) => ({ cpuMillis: spec.cpuMillis, memoryMb: spec.memoryMb })

const noSuch = (containerId: string): EngineError =>
  new EngineError('refused', `No such container: ${containerId}`, 404)

/** The engine of the agent on Docker, or on Podman through its compatible API. */
import { readFile, stat, statfs } from 'node:fs/promises'
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
import { containerLabels } from '@/core/agents/protocol'
import type { ImageContent } from '@/core/deployments/image'
import { createBody, type EngineTraits, inspectedOf, nameOf, seenOfListed } from './container'
import { DockerHttp, isRecord } from './http'
import { engineReference, pullImage, readImage } from './image'
import { readLogs } from './logs'
import { jsonLines, lastLine } from './streams'
import { ContainersUsage, HostUsage } from './usage'

export const defaultSocket = '/var/run/docker.sock'

interface DockerEngineOptions {
  socketPath: string
  usage: 'host' | 'containers'
  /** The node's capacity from flags; by default the machine's. */
  capacity?: { cpuCores?: number | undefined; memoryMb?: number | undefined }
  /** A pull without progress for this long fails. */
  pullStallMs?: number
  /** For all calls except pulling, creating, starting, stopping and removing. */
  callTimeoutMs?: number
}

const ownFilter = JSON.stringify({ label: [`${containerLabels.managed}=true`] })
/**
 * Names of Docker and, where they differ, of Podman. Without this filter every health check would add three more
 * events.
 */
const eventFilter = JSON.stringify({
  type: ['container'],
  label: [`${containerLabels.managed}=true`],
  event: ['start', 'die', 'died', 'pause', 'unpause', 'oom', 'destroy', 'remove', 'health_status'],
})

interface EngineFacts {
  info: EngineInfo
  /** The folder where the engine keeps images and containers. */
  root: string
  kind: EngineTraits['kind']
}

export class DockerEngine implements Engine {
  readonly http: DockerHttp
  private machine: Promise<EngineFacts> | null = null
  /** Assumed until the engine reports that it has no init program. */
  private hasInit = true
  private readonly host = new HostUsage()
  private containers: ContainersUsage | null = null

  constructor(private readonly options: DockerEngineOptions) {
    this.http = new DockerHttp(options.socketPath)
  }

  /** The engine runs on this machine, so it has the same clock. */
  now(): number {
    return Date.now()
  }

  async info(): Promise<EngineInfo> {
    return (await this.facts()).info
  }

  private async facts() {
    this.machine ??= this.readInfo()
    try {
      return await this.machine
    } catch (error) {
      this.machine = null
      throw error
    }
  }

  /** Combines the machine's boot with the socket, which the engine recreates whenever it starts. */
  async session(): Promise<string> {
    const { socketPath } = this.options
    const socket = await stat(socketPath).catch(() => {
      throw new EngineError('unreachable', `there is no socket ${socketPath}`)
    })
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
    return `${boot.trim()} ${socket.ino} ${socket.mtimeMs}`
  }

  async usage(runningIds: string[]): Promise<{ cpuPercent: number; memoryPercent: number }> {
    if (this.options.usage === 'host') return this.host.sample()
    if (!this.containers) {
      const machine = await this.info()
      const cpuCores = this.options.capacity?.cpuCores ?? machine.cpuCores
      const memoryMb = this.options.capacity?.memoryMb ?? machine.memoryMb
      this.containers = new ContainersUsage(this.http, { cpuCores, memoryMb }, () => performance.now())
    }
    return this.containers.sample(runningIds)
  }

  async list(): Promise<SeenContainer[]> {
    const entries = await this.http.json(this.quick('/containers/json', { all: true, filters: ownFilter }))
    return (Array.isArray(entries) ? entries : []).map(seenOfListed).filter((each) => each !== null)
  }

  async inspect(containerId: string): Promise<InspectedContainer | null> {
    const answer = await this.inspected(containerId)
    return answer === null ? null : inspectedOf(answer)
  }

  image(image: string): Promise<ImageContent | null> {
    return readImage(this.http, image)
  }

  pull(image: string, options: Parameters<Engine['pull']>[1]): Promise<void> {
    return pullImage(this.http, image, { ...options, stallMs: this.options.pullStallMs ?? 60_000 })
  }

  async removeImage(image: string): Promise<void> {
    const call = { method: 'DELETE', path: `/images/${encodeURI(engineReference(image))}`, timeoutMs: 60_000 } as const
    await this.http.call(call, [200, 404])
  }

  async diskUsedPercent(): Promise<number | null> {
    const { root } = await this.facts()
    const disk = await statfs(root).catch(() => null)
    return disk && disk.blocks > 0 ? (1 - disk.bavail / disk.blocks) * 100 : null
  }

  async create(spec: ContainerSpec): Promise<string> {
    const { info, kind } = await this.facts()
    const { hasInit } = this
    const body = createBody(spec, { kind, cpuMillis: info.cpuCores * 1000, hasInit })
    const call = { method: 'POST', path: '/containers/create', query: { name: spec.name }, body } as const
    try {
      const { body: answer } = await this.http.call({ ...call, timeoutMs: 60_000 })
      const made: unknown = JSON.parse(answer.toString('utf8'))
      if (isRecord(made) && typeof made.Id === 'string') return made.Id
      throw new EngineError('refused', 'the engine made a container without telling its id')
    } catch (error) {
      if (hasInit && lacksInit(error)) {
        this.hasInit = false
        return this.create(spec)
      }
      if (!isNameTaken(error)) throw error
      return this.ownByName(spec, error)
    }
  }

  async start(containerId: string, signal: AbortSignal): Promise<void> {
    const call = { method: 'POST', path: `/containers/${containerId}/start`, timeoutMs: 60_000, signal } as const
    try {
      await this.http.call(call, [204, 304])
    } catch (error) {
      // Docker only reports this now; the next container is created without an init program.
      if (lacksInit(error)) this.hasInit = false
      throw error
    }
  }

  async stop(containerId: string, graceSeconds: number): Promise<void> {
    const call = { method: 'POST', path: `/containers/${containerId}/stop`, query: { t: graceSeconds } } as const
    await this.http.call({ ...call, timeoutMs: (graceSeconds + 20) * 1000 }, [204, 304, 404])
  }

  async remove(containerId: string): Promise<void> {
    const call = { method: 'DELETE', path: `/containers/${containerId}`, query: { force: true, v: true } } as const
    // 409: a removal is already in progress; the next inspection shows whether the container is gone.
    await this.http.call({ ...call, timeoutMs: 60_000 }, [200, 204, 404, 409])
  }

  async lastLogLine(containerId: string): Promise<string | null> {
    const query = { stdout: true, stderr: true, tail: 20 }
    const answer = await this.http.call(this.quick(`/containers/${containerId}/logs`, query), [200, 404, 409, 500, 501])
    return answer.status === 200 ? lastLine(answer.body) : null
  }

  logs(containerId: string, request: LogRequest): Promise<void> {
    return readLogs(this.http, containerId, request)
  }

  follow(events: EngineEvents, signal: AbortSignal): void {
    const lines = jsonLines((event) => {
      const actor = isRecord(event.Actor) ? event.Actor : {}
      const attributes = isRecord(actor.Attributes) ? actor.Attributes : {}
      const id = typeof actor.ID === 'string' ? actor.ID : event.id
      const replicaId = attributes[containerLabels.replica]
      if (typeof id === 'string') events.onContainer(id, typeof replicaId === 'string' ? replicaId : null)
    })
    const read = async () => {
      const stream = await this.http.open({ ...this.quick('/events', { filters: eventFilter }), signal })
      events.onOpen()
      for await (const chunk of stream) lines.push(chunk)
    }
    read().then(
      () => events.onEnd(null),
      (error) => events.onEnd(error instanceof Error ? error : new Error(String(error))),
    )
  }

  private quick(path: string, query?: Record<string, string | number | boolean>) {
    const timeoutMs = this.options.callTimeoutMs
    return { path, ...(query ? { query } : {}), ...(timeoutMs ? { timeoutMs } : {}) }
  }

  private async inspected(idOrName: string): Promise<unknown> {
    const answer = await this.http.call(this.quick(`/containers/${idOrName}/json`), [200, 404])
    return answer.status === 404 ? null : JSON.parse(answer.body.toString('utf8'))
  }

  /**
   * Finds the replica's own container behind a name that is taken. All labels must match, because an image's own labels
   * could imitate some.
   */
  private async ownByName(spec: ContainerSpec, refusal: unknown): Promise<string> {
    const answer = await this.inspected(spec.name)
    const found = answer === null ? null : inspectedOf(answer)
    const { node, replica } = containerLabels
    const ours = found?.replicaId === spec.labels[replica] && found?.nodeId === spec.labels[node]
    if (found && ours && nameOf(answer) === spec.name) return found.id
    throw refusal
  }

  private async readInfo(): Promise<EngineFacts> {
    const facts = await this.http.json(this.quick('/info'))
    if (!isRecord(facts)) throw new EngineError('refused', 'the engine tells nothing about itself')
    const root = typeof facts.DockerRootDir === 'string' ? facts.DockerRootDir : '/'
    const info: EngineInfo = {
      id: typeof facts.ID === 'string' && facts.ID !== '' ? facts.ID : null,
      kind: 'docker',
      version: typeof facts.ServerVersion === 'string' ? facts.ServerVersion : 'unknown',
      cpuCores: Number(facts.NCPU) || 1,
      memoryMb: Math.floor((Number(facts.MemTotal) || 0) / 1024 / 1024),
      storageGb: await storageGbOf(root),
      labels: { arch: platformArch(facts.Architecture), os: String(facts.OSType ?? 'linux') },
    }
    // Only Podman's answer has this field.
    return { info, root, kind: 'BuildahVersion' in facts ? 'podman' : 'docker' }
  }
}

/** Docker needs docker-init and Podman needs catatonit; some machines have neither. */
const lacksInit = (error: unknown): boolean =>
  error instanceof EngineError &&
  error.kind === 'refused' &&
  /docker-init.*not found|init binary (not )?found|container-init binary/.test(error.message)

const isNameTaken = (error: unknown): boolean =>
  error instanceof EngineError &&
  // Docker answers 409 and Podman 500; both messages say that the name is in use.
  (error.httpStatus === 409 || (error.httpStatus === 500 && /is (already )?in use|already exists/.test(error.message)))

const storageGbOf = async (folder: string): Promise<number> => {
  // The engine's folder may be inaccessible to an ordinary user, or be in another namespace.
  const facts = await statfs(folder).catch(() => statfs('/'))
  return Math.max(1, Math.floor((facts.blocks * facts.bsize) / 1024 ** 3))
}

const platformArch = (machine: unknown): string => {
  const names: Record<string, string> = { x86_64: 'amd64', aarch64: 'arm64', armv7l: 'arm' }
  return names[String(machine)] ?? String(machine ?? 'unknown')
}

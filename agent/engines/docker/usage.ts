/**
 * Measures a node's usage in one of two ways. `host`: the whole machine as the operating system sees it, which is right
 * when the node has the machine to itself. `containers`: the node's own containers relative to its capacity, which is
 * right when several engines share a machine, or when flags set the capacity to a part of the machine.
 */
import { readFile } from 'node:fs/promises'
import { cpus, freemem, totalmem } from 'node:os'
import type { Engine } from '@/agent/engines/engine'
import type { DockerHttp } from './http'
import { isRecord } from './http'

type Usage = Awaited<ReturnType<Engine['usage']>>

export const percent = (part: number, whole: number): number =>
  whole > 0 && Number.isFinite(part) ? Math.round(Math.min(100, Math.max(0, (part / whole) * 100)) * 10) / 10 : 0

/** Percent of the machine's processor time that was busy since the last call, or since boot at the first call. */
export class HostUsage {
  private busy = 0
  private total = 0

  async sample(): Promise<Usage> {
    let busy = 0
    let total = 0
    for (const { times } of cpus()) {
      const all = times.user + times.nice + times.sys + times.irq + times.idle
      total += all
      busy += all - times.idle
    }
    const cpuPercent = percent(busy - this.busy, total - this.total)
    this.busy = busy
    this.total = total
    const available = await availableBytes()
    return { cpuPercent, memoryPercent: percent(totalmem() - available, totalmem()) }
  }
}

/** Memory that programs can still get. Free memory alone would count the file cache as used. */
const availableBytes = async (): Promise<number> => {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1]
    return kilobytes ? Number(kilobytes) * 1024 : freemem()
  } catch {
    return freemem()
  }
}

interface ContainerSample {
  cpuNanos: number
  memoryBytes: number
}

/** Extracts the usage from GET /containers/{id}/stats. Page cache that can be dropped does not count as used memory. */
export const sampleOfStats = (stats: unknown): ContainerSample | null => {
  if (!isRecord(stats) || !isRecord(stats.cpu_stats) || !isRecord(stats.memory_stats)) return null
  const cpu = isRecord(stats.cpu_stats.cpu_usage) ? Number(stats.cpu_stats.cpu_usage.total_usage) : Number.NaN
  const memory = Number(stats.memory_stats.usage)
  if (!Number.isFinite(cpu) || !Number.isFinite(memory)) return null
  const detail = isRecord(stats.memory_stats.stats) ? stats.memory_stats.stats : {}
  const droppable = Number(detail.total_inactive_file ?? detail.inactive_file ?? 0)
  return { cpuNanos: cpu, memoryBytes: Math.max(0, memory - droppable) }
}

/** Sums the usage of the node's own containers, relative to its capacity. */
export class ContainersUsage {
  private before = new Map<string, number>()
  private at = 0

  constructor(
    private readonly http: DockerHttp,
    private readonly capacity: { cpuCores: number; memoryMb: number },
    private readonly now: () => number,
  ) {}

  async sample(ids: string[]): Promise<Usage> {
    const samples = await Promise.all(ids.map(async (id) => [id, await this.read(id)] as const))
    const now = this.now()
    const elapsedNanos = (now - this.at) * 1e6
    let nanos = 0
    let bytes = 0
    const after = new Map<string, number>()
    for (const [id, sample] of samples) {
      if (!sample) continue
      bytes += sample.memoryBytes
      after.set(id, sample.cpuNanos)
      const before = this.before.get(id)
      if (before !== undefined) nanos += Math.max(0, sample.cpuNanos - before)
    }
    const first = this.at === 0
    this.before = after
    this.at = now
    return {
      cpuPercent: first ? 0 : percent(nanos, elapsedNanos * this.capacity.cpuCores),
      memoryPercent: percent(bytes, this.capacity.memoryMb * 1024 * 1024),
    }
  }

  private async read(id: string): Promise<ContainerSample | null> {
    const query = { stream: false, 'one-shot': true }
    const answer = await this.http.call({ path: `/containers/${id}/stats`, query }, [200, 404, 409])
    return answer.status === 200 ? sampleOfStats(JSON.parse(answer.body.toString('utf8'))) : null
  }
}

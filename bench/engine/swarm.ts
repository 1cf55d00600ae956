/** Docker Swarm on the same engine: a manager of one node, and services of three. */
import { type DockerHttp, isRecord } from '@/agent/engines/docker/http'
import { inParallel } from '@/bench/common/parallel'
import { type Contender, groupSize, image, size } from './contenders'
import type { Starts } from './starts'

const label = 'com.docker.swarm.service.name'
const prefix = 'bench-'
const atOnce = 8

export class Swarm implements Contender {
  #made = 0

  private constructor(private readonly http: DockerHttp) {}

  static async init(http: DockerHttp): Promise<Swarm> {
    const body = { ListenAddr: '127.0.0.1:2377', AdvertiseAddr: '127.0.0.1' }
    await http.call({ method: 'POST', path: '/swarm/init', body, timeoutMs: 60_000 })
    return new Swarm(http)
  }

  async start(count: number, starts: Starts): Promise<number> {
    const isMine = (attributes: Record<string, unknown>) => String(attributes[label] ?? '').startsWith(prefix)
    const last = starts.next(count * groupSize, isMine)
    const names = Array.from({ length: count }, () => `${prefix}${this.#made++}`)
    let begun = performance.now()
    await inParallel(names, atOnce, (name) => this.#create(name))
    // A single service is measured from its acceptance on, as a deployment is; many from the first call on.
    if (count === 1) begun = performance.now()
    return (await last) - begun
  }

  async clear(): Promise<void> {
    const services = await this.http.json({ path: '/services' })
    const ids = (Array.isArray(services) ? services : []).flatMap((one) => (isRecord(one) ? [String(one.ID)] : []))
    await inParallel(ids, atOnce, (id) => this.http.call({ method: 'DELETE', path: `/services/${id}` }))
  }

  async #create(name: string): Promise<void> {
    const task = {
      ContainerSpec: { Image: image },
      Resources: { Limits: { NanoCPUs: size.cpuMillis * 1_000_000, MemoryBytes: size.memoryMb * 1024 * 1024 } },
      RestartPolicy: { Condition: 'none' },
    }
    const body = { Name: name, TaskTemplate: task, Mode: { Replicated: { Replicas: groupSize } } }
    await this.http.call({ method: 'POST', path: '/services/create', body, timeoutMs: 120_000 }, [201])
  }
}

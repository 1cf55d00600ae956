/** The bare engine: create and start, with the same calls and settings as the product's agent. */
import type { DockerEngine } from '@/agent/engines/docker/engine'
import { inParallel } from '@/bench/common/parallel'
import { type Contender, groupSize, image, size } from './contenders'
import type { Starts } from './starts'

/** More parallel calls do not make an engine faster. */
const atOnce = 4
const label = 'bench.raw'

export class Raw implements Contender {
  readonly #ids: string[] = []
  #made = 0

  constructor(private readonly docker: DockerEngine) {}

  async start(count: number, starts: Starts): Promise<number> {
    const begun = performance.now()
    const last = starts.next(count * groupSize, (attributes) => label in attributes)
    const numbers = Array.from({ length: count * groupSize }, () => this.#made++)
    await inParallel(numbers, atOnce, (number) => this.#startOne(number))
    return (await last) - begun
  }

  async clear(): Promise<void> {
    await inParallel(this.#ids.splice(0), atOnce, (id) => this.docker.remove(id))
  }

  async #startOne(number: number): Promise<void> {
    const spec = {
      name: `raw-${number}`,
      image,
      reference: image,
      env: {},
      ...size,
      gpuUnits: 0,
      ports: [],
      labels: { [label]: 'true' },
    }
    const id = await this.docker.create(spec)
    this.#ids.push(id)
    await this.docker.start(id, new AbortController().signal)
  }
}

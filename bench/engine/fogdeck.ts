/** The product: its web server and scheduler as `npm start` runs them, and an agent on the engine. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { z } from 'zod'
import { containerLabels } from '@/core/agents/protocol'
import { AgentProcess } from '@/testing/agent/process'
import { Product } from '@/testing/product'
import { type Contender, groupSize, image, size } from './contenders'
import type { Starts } from './starts'

const run = promisify(execFile)
/** More than the machine has, because this benchmark does not measure capacity. */
const capacity = ['--cpu', '256', '--memory', '1000000', '--storage', '10000']

export class Fogdeck implements Contender {
  readonly #deployments: string[] = []
  #agent: AgentProcess | null = null
  #token = ''

  private constructor(private readonly product: Product) {}

  /** Builds the pages if necessary, and joins the engine as the only node. */
  static async start(socket: string): Promise<Fogdeck> {
    const product = await Product.prepare({ name: 'bench-engine', fleet: 'none', env: { LOG_LEVEL: 'warn' } })
    const fogdeck = new Fogdeck(product)
    try {
      await product.start()
      fogdeck.#token = await fogdeck.#tokenFor('api')
      await fogdeck.#join(socket)
      return fogdeck
    } catch (error) {
      await fogdeck.stop()
      throw error
    }
  }

  async start(count: number, starts: Starts): Promise<number> {
    const last = starts.next(count * groupSize, (attributes) => containerLabels.managed in attributes)
    let begun = performance.now()
    const ids = await Promise.all(Array.from({ length: count }, () => this.#deploy()))
    // A single deployment is measured from its acceptance on, many from the first call on.
    if (count === 1) begun = performance.now()
    this.#deployments.push(...ids)
    return (await last) - begun
  }

  async clear(): Promise<void> {
    for (const id of this.#deployments.splice(0)) await this.#call('DELETE', `/deployment/${id}`)
    await this.#until('select 1 from deployment_replicas where reserved', (rows) => rows === 0)
  }

  async stop(): Promise<void> {
    await this.#agent?.end('SIGTERM')
    await this.product.remove()
  }

  async #join(socket: string): Promise<void> {
    const dataDir = `${this.product.dataDir}/agent`
    const args = [
      '--server',
      this.product.url,
      '--name',
      'engine',
      '--socket',
      socket,
      '--data-dir',
      dataDir,
      ...capacity,
    ]
    this.#agent = new AgentProcess('main', args, { token: await this.#tokenFor('join') })
    await this.#until(`select 1 from nodes where status in ('idle', 'active')`, (rows) => rows === 1)
  }

  #deployed = 0

  async #deploy(): Promise<string> {
    const answer = await this.#call('POST', '/deployment/deploy', {
      name: `bench-${++this.#deployed}`,
      type: 'compute',
      container_image: image,
      replicas: groupSize,
      max_per_node: groupSize,
      resources: { cpu: size.cpuMillis / 1000, memory: size.memoryMb, storage: 1 },
    })
    return z.object({ deployment_id: z.string() }).parse(answer).deployment_id
  }

  async #call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.product.url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }

  async #tokenFor(kind: 'api' | 'join'): Promise<string> {
    const { DATABASE_URL: _none, ...inherited } = process.env
    const env = { ...inherited, FOGDECK_DATA_DIR: this.product.dataDir }
    const { stdout } = await run(process.execPath, ['--import', 'tsx', 'scripts/token.ts', kind], { env })
    return stdout.trim()
  }

  async #until(query: string, isReached: (rows: number) => boolean): Promise<void> {
    const deadline = Date.now() + 300_000
    while (!isReached((await this.product.sql(query)).length)) {
      if (Date.now() > deadline)
        throw new Error(`Waited too long: ${query}; the agent said: ${this.#agent?.said.slice(-2_000)}`)
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

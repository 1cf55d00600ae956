/** Simulated users who deploy, scale, update and delete all the time, and log the answers. */
import { setTimeout as sleep } from 'node:timers/promises'
import { hash, type Random, seeded } from '@/agent/lib/random'
import type { Call, CallLog, Entry } from './book'
import { images, restartsByItself } from './images'
import type { Ledger } from './ledger'
import type { Rest, RestAnswer } from './rest'

interface ClientOptions {
  rest: Rest
  callLog: CallLog
  ledger: Ledger
  seed: number
  /** Put into the environment of every deployment. It must be found nowhere else. */
  canary: string
  /** How long the faults last. */
  durationMs: number
  /** The share of the deployments that suit real engines which is sent there. */
  onReal: number
}

const workers = 8
/** The number of deployments that one worker keeps at a time. */
const liveAtOnce = 7
const thinkMs = { min: 150, max: 1_100 }
/** After a kill of everything a client may wait this long for its answer. */
const lastCallsMs = 45_000

/**
 * Images that fail are retried again and again before the deployment fails. This close to the end no more of them are
 * deployed, and those with the longest restarts are deleted.
 */
const calmMs = 40_000

/** Works until `signal` aborts, then waits for the outstanding answers. */
export async function work(options: ClientOptions, signal: AbortSignal): Promise<void> {
  const exhausted = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => exhausted.abort(), lastCallsMs).unref(), { once: true })
  const all = Array.from({ length: workers }, (_, index) => new Worker(options, index, exhausted.signal))
  await Promise.all(all.map((worker) => worker.run(signal)))
}

class Worker {
  private readonly random: Random
  private live: Entry[] = []
  private made = 0
  private readonly startedAt = performance.now()

  constructor(
    private readonly options: ClientOptions,
    private readonly index: number,
    private readonly exhausted: AbortSignal,
  ) {
    this.random = seeded(hash(options.seed, 'client', index))
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const chance = this.random()
      const restless = this.isCalm ? this.live.find(({ image }) => restartsByItself(image)) : undefined
      if (restless) await this.delete(restless)
      else if (this.live.length === 0 || (this.live.length < liveAtOnce && chance < 0.5)) await this.deploy()
      else if (chance < 0.5) await this.scale(this.one())
      else if (chance < 0.6) await this.update(this.one())
      else await this.delete(this.one())
      await sleep(thinkMs.min + this.random() * (thinkMs.max - thinkMs.min))
    }
  }

  private get isCalm(): boolean {
    return performance.now() - this.startedAt > this.options.durationMs - calmMs
  }

  private one(): Entry {
    const one = this.live[Math.floor(this.random() * this.live.length)]
    if (!one) throw new Error('The worker has no deployment')
    return one
  }

  private async deploy(): Promise<void> {
    const { callLog } = this.options
    this.made += 1
    const name = `chaos-${this.options.seed}-${this.index}-${this.made}`
    const { input, image, waits } = this.demand(name)
    const entry = callLog.add({ name, key: `key-${name}`, image, waits, replicas: input.replicas })
    const isRepeated = this.random() < 0.08
    await this.calling(entry, async () => {
      const call = () => this.ask('/api/deployment/deploy', { method: 'POST', body: input, key: entry.key })
      // Sometimes the call is made twice at once. Both answers must name the same deployment.
      const answers = await Promise.all(isRepeated ? [call(), call()] : [call()])
      for (const answer of answers) {
        if (answer && this.record('deploy', entry, answer, [202]))
          callLog.deployed(entry, (answer.body as { deployment_id: string }).deployment_id)
      }
    })
    if (entry.id !== null) this.live.push(entry)
  }

  private async scale(entry: Entry): Promise<void> {
    const replicas = Math.floor(this.random() * 5)
    await this.calling(entry, async () => {
      const answer = await this.ask(`/api/deployment/scale/${entry.id}`, { method: 'POST', body: { replicas } })
      if (!answer || !this.record('scale', entry, answer, [202])) return
      entry.replicas = replicas
      this.options.callLog.acknowledge('scale')
    })
  }

  /** A new revision: the same image with another environment. */
  private async update(entry: Entry): Promise<void> {
    const env = { CANARY: `${this.options.canary}-${entry.name}`, ROUND: String(entry.revision) }
    await this.calling(entry, async () => {
      const answer = await this.ask(`/api/deployment/update/${entry.id}`, { method: 'POST', body: { env } })
      if (answer && this.record('update', entry, answer, [202])) this.options.callLog.acknowledge('update')
    })
  }

  private async delete(entry: Entry): Promise<void> {
    await this.calling(entry, async () => {
      const answer = await this.ask(`/api/deployment/${entry.id}`, { method: 'DELETE' })
      // 409: an earlier attempt succeeded, and its answer was lost.
      if (!answer || !this.record('delete', entry, answer, [200, 409])) return
      entry.deleted = true
      this.options.callLog.acknowledge('delete')
    })
    this.live = this.live.filter((each) => each !== entry)
  }

  private async calling(entry: Entry, call: () => Promise<void>): Promise<void> {
    entry.busy = true
    entry.revision += 1
    await call()
    // Without an answer the state of the deployment stays unknown.
    entry.busy = this.exhausted.aborted
  }

  private ask(
    path: string,
    call: { method: 'POST' | 'DELETE'; body?: unknown; key?: string },
  ): Promise<RestAnswer | null> {
    return this.options.rest.ask(path, { ...call, random: this.random, signal: this.exhausted })
  }

  /** @returns whether the answer is one that the contract allows. */
  private record(call: Call, entry: Entry, answer: RestAnswer, expected: number[]): boolean {
    const { callLog, ledger } = this.options
    const { status, body } = answer
    callLog.record({ at: new Date().toISOString(), call, name: entry.name, key: entry.key, status, body })
    const isExpected = expected.includes(status)
    ledger.check('contract', isExpected, `${call}-${status}`, () => ({
      what: `${call} of ${entry.name} was answered with ${status}`,
      evidence: body,
    }))
    return isExpected
  }

  private demand(name: string) {
    const { random } = this
    const { isCalm } = this
    const possible = images.filter(({ fails }) => !(fails && isCalm))
    let left = random() * possible.reduce((sum, demand) => sum + demand.share, 0)
    const demand = possible.find(({ share }) => {
      left -= share
      return left < 0
    })
    if (!demand) throw new Error('The shares of the images do not add up')
    const isLarge = random() < 0.05
    const isNear = random() < 0.3
    const mayShare = random() < 0.15
    const op = !demand.simulated && random() < this.options.onReal ? '=' : '!='
    const input = {
      name,
      type: 'compute',
      container_image: demand.image,
      replicas: 1 + Math.floor(random() * 4),
      resources: isLarge ? { cpu: 4, memory: 8192, storage: 20 } : { cpu: 0.5, memory: 512, storage: 1 },
      ...(isNear ? { region: random() < 0.5 ? 'us-east' : 'eu-west' } : {}),
      ...(mayShare ? { max_per_node: 2 } : {}),
      constraints: [{ key: 'kind', op, values: ['real'] }],
      wait_for_capacity: isLarge,
      env: { CANARY: `${this.options.canary}-${name}` },
    }
    return { input, image: demand.image, waits: isLarge }
  }
}

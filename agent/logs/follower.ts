/** The logs of one node: those that somebody reads, and of the others now and then the last lines. */

import type { Engine, SeenContainer } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import type { Random } from '@/agent/lib/random'
import type { LogLine, LogSubscription } from '@/core/logs/log'
import { logLimits } from '@/core/logs/log'
import type { LogOutbox } from './outbox'

/** A container is looked at so often in the time between two tails: a new one soon has its first. */
const looksPerTail = 10
/** Between two looks for a container that is not there yet, or two tries at a log that broke. */
const pauseMs = 500
/** Whoever removes a container waits so long for those who read its last lines. */
const graceMs = 3_000
/** An engine that takes longer for lines that are there hangs. */
const readTimeoutMs = 10_000

interface Follower {
  stop: AbortController
  /** Puts off the end of it. */
  lapse: () => void
  /** The newest line that is known. */
  since: string | null
  /** The container of which everything was read, after its end. */
  ended: string | null
  /** Resolves when the run that is read now has ended. */
  reading: Promise<void> | null
}

interface NodeLogsOptions {
  nodeId: string
  engine: Engine
  clock: Clock
  outbox: Pick<LogOutbox, 'put' | 'newest'>
  random: Random
  /** How often the last lines of a container are sent that nobody reads. */
  tailEveryMs: number
  containers: () => SeenContainer[]
  /** What to tell of a log that can't be read. */
  wordsOf: (replicaId: string, error: unknown) => string
}

export class NodeLogs {
  private readonly followers = new Map<string, Follower>()
  /** Container → when its last lines were sent although nobody reads, and the newest of them. */
  private readonly tails = new Map<string, { sentAt: number; since: string | null }>()
  private readonly stopping = new AbortController()

  constructor(private readonly options: NodeLogsOptions) {}

  /** Sends the last lines of every container now and then: so that there are some when the node goes away. */
  async keepTails(): Promise<void> {
    const { clock, random, tailEveryMs, containers } = this.options
    const { signal } = this.stopping
    const pollEveryMs = tailEveryMs / looksPerTail
    await sleep(clock, pollEveryMs * random(), signal)
    while (!signal.aborted) {
      await sleep(clock, pollEveryMs, signal)
      const running = containers().filter((each) => each.state === 'running' && !this.followers.has(each.replicaId))
      const ids = new Set(running.map((each) => each.id))
      for (const id of this.tails.keys()) if (!ids.has(id)) this.tails.delete(id)
      for (const container of running) {
        const { sentAt } = this.tails.get(container.id) ?? { sentAt: Number.NEGATIVE_INFINITY }
        if (signal.aborted || clock.now() - sentAt < tailEveryMs) continue
        // An engine that does not hand it out says so when somebody reads.
        await this.keepTail(container).catch(() => undefined)
      }
    }
  }

  private async keepTail({ id, replicaId }: SeenContainer): Promise<void> {
    const { nodeId, outbox, clock } = this.options
    const before = this.tails.get(id)
    const { lines, gap } = await this.newest(id, { since: before?.since ?? null, tail: logLimits.tailLines })
    this.tails.set(id, { sentAt: clock.now(), since: lines.at(-1)?.at ?? before?.since ?? null })
    if (lines.length > 0) await outbox.put({ nodeId, replicaId, lines, gap })
  }

  /** Follows these logs and no others. */
  follow(subscriptions: readonly LogSubscription[]): void {
    const wanted = new Set(subscriptions.map((subscription) => subscription.replicaId))
    for (const replicaId of this.followers.keys()) if (!wanted.has(replicaId)) this.drop(replicaId)
    for (const { replicaId, seconds, since } of subscriptions) {
      const follower = this.followers.get(replicaId) ?? this.begin(replicaId, since)
      follower.lapse()
      follower.lapse = this.options.clock.after(seconds * 1000, () => this.drop(replicaId))
    }
  }

  /** Nobody reads it any more. */
  drop(replicaId: string): void {
    const follower = this.followers.get(replicaId)
    follower?.lapse()
    follower?.stop.abort()
    this.followers.delete(replicaId)
  }

  /** Its container failed and is about to be removed: its last lines are sent, whether somebody reads or not. */
  async keepEnd(replicaId: string, containerId: string): Promise<void> {
    const follower = this.followers.get(replicaId)
    if (follower?.reading) return Promise.race([follower.reading, sleep(this.options.clock, graceMs)])
    if (follower?.ended === containerId) return
    const { nodeId, outbox } = this.options
    const since = follower?.since ?? this.tails.get(containerId)?.since ?? null
    const { lines, gap } = await this.newest(containerId, { since, tail: logLimits.failedLines })
    void outbox.put({ nodeId, replicaId, lines, gap, state: 'ended' })
  }

  stop(): void {
    this.stopping.abort()
    for (const replicaId of [...this.followers.keys()]) this.drop(replicaId)
  }

  private begin(replicaId: string, since: string | null): Follower {
    const onTheWay = this.options.outbox.newest(replicaId)
    const follower: Follower = {
      stop: new AbortController(),
      lapse: () => undefined,
      since: onTheWay !== null && (since === null || onTheWay > since) ? onTheWay : since,
      ended: null,
      reading: null,
    }
    this.followers.set(replicaId, follower)
    void this.keepReading(replicaId, follower)
    return follower
  }

  private async keepReading(replicaId: string, follower: Follower): Promise<void> {
    const { nodeId, outbox, clock, containers } = this.options
    const { signal } = follower.stop
    let reported = ''
    while (!signal.aborted) {
      const container = containers().find((each) => each.replicaId === replicaId)
      if (container && isReadable(container, follower)) {
        follower.reading = this.read(replicaId, container, follower).then(
          () => {
            reported = ''
          },
          (error) => {
            const words = this.options.wordsOf(replicaId, error)
            if (words !== reported && !signal.aborted)
              void outbox.put({ nodeId, replicaId, state: 'unavailable', words })
            reported = words
          },
        )
        await follower.reading
        follower.reading = null
      }
      await sleep(clock, pauseMs, signal)
    }
  }

  /** What is there, then what comes, until the container ends. */
  private async read(replicaId: string, container: SeenContainer, follower: Follower): Promise<void> {
    const { nodeId, engine, outbox } = this.options
    const { signal } = follower.stop
    const { lines, gap } = await this.newest(container.id, { since: follower.since, tail: logLimits.firstLines })
    if (signal.aborted) return
    follower.since = lines.at(-1)?.at ?? follower.since
    await outbox.put({ nodeId, replicaId, lines, gap, state: container.state === 'running' ? 'following' : null })
    await engine.logs(container.id, {
      since: follower.since,
      tail: null,
      follow: true,
      signal,
      onLines: async (news) => {
        follower.since = news.at(-1)?.at ?? follower.since
        await outbox.put({ nodeId, replicaId, lines: news })
      },
    })
    if (signal.aborted) return
    // The engine may have ended the stream while the container goes on.
    if ((await engine.inspect(container.id))?.state === 'running') return
    follower.ended = container.id
    await outbox.put({ nodeId, replicaId, state: 'ended' })
  }

  /** The newest lines that are there; a gap when there are more. */
  private async newest(
    containerId: string,
    { since, tail }: { since: string | null; tail: number },
  ): Promise<{ lines: LogLine[]; gap: boolean }> {
    const lines: LogLine[] = []
    await this.options.engine.logs(containerId, {
      since,
      tail: tail + 1,
      follow: false,
      signal: AbortSignal.any([this.stopping.signal, AbortSignal.timeout(readTimeoutMs)]),
      onLines: async (news) => void lines.push(...news),
    })
    return { lines: lines.slice(-tail), gap: lines.length > tail }
  }
}

/** A container that is started again goes on with its log. */
const isReadable = ({ id, state }: SeenContainer, { ended }: Follower): boolean =>
  state === 'running' || (state !== 'created' && ended !== id)

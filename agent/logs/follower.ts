/** Sends the logs of one node: logs that somebody reads in full, and the last lines of the others from time to time. */

import type { Engine, SeenContainer } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import type { Random } from '@/agent/lib/random'
import type { LogLine, LogSubscription } from '@/core/logs/log'
import { logLimits } from '@/core/logs/log'
import type { LogOutbox } from './outbox'

/** Checks per container between two tails, so that a new one soon has its first. */
const pollsPerTail = 10
/** Wait before checking again for a missing container, or retrying a broken log. */
const pauseMs = 500
/** How long the removal of a container waits for readers to get its last lines. */
const graceMs = 3_000
/** An engine that takes longer to return existing lines counts as hanging. */
const readTimeoutMs = 10_000

interface Follower {
  stop: AbortController
  /** Cancels the timer that ends this follower. */
  lapse: () => void
  /** Time of the newest line that was read or that the control plane has. */
  since: string | null
  /** The container whose log was read to its end. */
  ended: string | null
  /** Resolves when the current read has ended. */
  reading: Promise<void> | null
}

interface NodeLogsOptions {
  nodeId: string
  engine: Engine
  clock: Clock
  outbox: Pick<LogOutbox, 'put' | 'newest'>
  random: Random
  /** How often the last lines of a container are sent while nobody reads its log. */
  tailEveryMs: number
  containers: () => SeenContainer[]
  /** The message to report for a log that can't be read. */
  messageOf: (replicaId: string, error: unknown) => string
}

export class NodeLogs {
  private readonly followers = new Map<string, Follower>()
  /** Container → when its last lines were sent without a reader, and the time of the newest. */
  private readonly tails = new Map<string, { sentAt: number; since: string | null }>()
  private readonly stopping = new AbortController()

  constructor(private readonly options: NodeLogsOptions) {}

  /** Regularly sends the last lines of every container, so that some exist when the node fails. */
  async keepTails(): Promise<void> {
    const { clock, random, tailEveryMs, containers } = this.options
    const { signal } = this.stopping
    const pollEveryMs = tailEveryMs / pollsPerTail
    await sleep(clock, pollEveryMs * random(), signal)
    while (!signal.aborted) {
      await sleep(clock, pollEveryMs, signal)
      const running = containers().filter((each) => each.state === 'running' && !this.followers.has(each.replicaId))
      const ids = new Set(running.map((each) => each.id))
      for (const id of this.tails.keys()) if (!ids.has(id)) this.tails.delete(id)
      for (const container of running) {
        const { sentAt } = this.tails.get(container.id) ?? { sentAt: Number.NEGATIVE_INFINITY }
        if (signal.aborted || clock.now() - sentAt < tailEveryMs) continue
        // Errors are ignored here; they are reported when somebody reads the log.
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

  /** Follows exactly these logs. */
  follow(subscriptions: readonly LogSubscription[]): void {
    const wanted = new Set(subscriptions.map((subscription) => subscription.replicaId))
    for (const replicaId of this.followers.keys()) if (!wanted.has(replicaId)) this.drop(replicaId)
    for (const { replicaId, seconds, since } of subscriptions) {
      const follower = this.followers.get(replicaId) ?? this.begin(replicaId, since)
      follower.lapse()
      follower.lapse = this.options.clock.after(seconds * 1000, () => this.drop(replicaId))
    }
  }

  /** Stops following a log that nobody reads. */
  drop(replicaId: string): void {
    const follower = this.followers.get(replicaId)
    follower?.lapse()
    follower?.stop.abort()
    this.followers.delete(replicaId)
  }

  /** Sends the last lines of a failed container that is about to be removed, whether or not somebody reads the log. */
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
            const message = this.options.messageOf(replicaId, error)
            if (message !== reported && !signal.aborted)
              void outbox.put({ nodeId, replicaId, state: 'unavailable', message })
            reported = message
          },
        )
        await follower.reading
        follower.reading = null
      }
      await sleep(clock, pauseMs, signal)
    }
  }

  /** Sends the existing lines, then new ones, until the container ends. */
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
    // The engine may have ended the stream although the container still runs.
    if ((await engine.inspect(container.id))?.state === 'running') return
    follower.ended = container.id
    await outbox.put({ nodeId, replicaId, state: 'ended' })
  }

  /** The newest existing lines; marks a gap when there are more. */
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

/** The log of a restarted container continues. */
const isReadable = ({ id, state }: SeenContainer, { ended }: Follower): boolean =>
  state === 'running' || (state !== 'created' && ended !== id)

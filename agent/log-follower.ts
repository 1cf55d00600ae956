/** The logs of one node that somebody reads, and the last words of its containers. */
import type { LogLine, LogWish } from '@/server/domain/log'
import { logLimits } from '@/server/domain/log'
import type { Clock } from './clock'
import { sleep } from './clock'
import type { Engine, SeenContainer } from './engine'
import { wordsOf } from './log'
import type { LogOutbox } from './log-outbox'

/** Between two looks for a container that is not there yet, or two tries at a log that broke. */
const pauseMs = 500
/** Whoever removes a container waits so long for those who read its last lines. */
const patienceMs = 3_000
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

export interface NodeLogsOptions {
  nodeId: string
  engine: Engine
  clock: Clock
  outbox: Pick<LogOutbox, 'put' | 'newest'>
  containerOf: (replicaId: string) => SeenContainer | null
}

export class NodeLogs {
  private readonly followers = new Map<string, Follower>()
  private readonly stopping = new AbortController()

  constructor(private readonly options: NodeLogsOptions) {}

  /** Follows these logs and no others. */
  follow(wishes: readonly LogWish[]): void {
    const wanted = new Set(wishes.map((wish) => wish.replicaId))
    for (const replicaId of this.followers.keys()) if (!wanted.has(replicaId)) this.drop(replicaId)
    for (const { replicaId, seconds, since } of wishes) {
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
    const reading = this.followers.get(replicaId)?.reading
    if (reading) return Promise.race([reading, sleep(this.options.clock, patienceMs)])
    const { nodeId, outbox } = this.options
    const { lines, gap } = await this.newest(containerId, { since: null, tail: logLimits.failedLines })
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
    const { nodeId, outbox, clock, containerOf } = this.options
    const { signal } = follower.stop
    let told = ''
    while (!signal.aborted) {
      const container = containerOf(replicaId)
      if (container && isReadable(container, follower)) {
        follower.reading = this.read(replicaId, container, follower).then(
          () => {
            told = ''
          },
          (error) => {
            const words = wordsOf(error).slice(0, 1_000)
            if (words !== told && !signal.aborted) void outbox.put({ nodeId, replicaId, state: 'unavailable', words })
            told = words
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

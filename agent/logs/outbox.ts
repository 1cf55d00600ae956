/**
 * Log lines on their way to the control plane, for all nodes of a process. Lines that arrive during a call are sent
 * with the next one. A follower waits while too many lines of its log are pending, and so the engine waits, too.
 */

import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { type Logger, messageOf } from '@/agent/lib/log'
import type { Random } from '@/agent/lib/random'
import { type ControlPlane, isAboutInput, isRefusal } from '@/agent/transport/control-plane'
import { type LogChunk, type LogLine, lengthOf, logLimits } from '@/core/logs/log'

/** Minimum time between two calls, so that lines of the same moment are sent together. */
const pauseMs = 250
const callTimeoutMs = 15_000
/** After this many consecutive errors that may be due to the input, logs are sent one by one. */
const answersToOneByOne = 2
/** Maximum number of waiting logs; beyond that the oldest is dropped, because an outage may last. */
const waitingAtMost = 500

type LogNews = Pick<LogChunk, 'nodeId' | 'replicaId'> & Partial<Pick<LogChunk, 'lines' | 'gap' | 'state' | 'message'>>

interface LogOutboxOptions {
  controlPlane: Pick<ControlPlane, 'sendLogs'>
  clock: Clock
  random: Random
  log: Logger
  onUndesired: (nodeId: string, replicaId: string) => void
}

export class LogOutbox {
  private readonly waiting = new Map<string, LogChunk>()
  private readonly backoff: Backoff
  private readonly closing = new AbortController()
  private sending = false
  /** Consecutive errors that may be due to the input. */
  private wrongAnswers = 0
  private capacityMade: () => void = () => undefined
  private space: Promise<void> | null = null

  constructor(private readonly options: LogOutboxOptions) {
    this.backoff = new Backoff({ firstMs: 500, maxMs: 15_000 }, options.random)
  }

  /** Adds lines of a log. Resolves once there is capacity for more. */
  async put(news: LogNews): Promise<void> {
    this.waiting.set(news.replicaId, joined(this.waiting.get(news.replicaId), news))
    if (this.waiting.size > waitingAtMost) this.waiting.delete(this.waiting.keys().next().value ?? '')
    if (!this.sending && !this.closing.signal.aborted) void this.send()
    while (this.isFull(news.replicaId) && !this.closing.signal.aborted) await this.nextSpace()
  }

  /** Time of the newest waiting line of a log; null when none waits. */
  newest(replicaId: string): string | null {
    return this.waiting.get(replicaId)?.lines.at(-1)?.at ?? null
  }

  close(): void {
    this.closing.abort()
    this.capacityMade()
  }

  private isFull(replicaId: string): boolean {
    return lengthOf(this.waiting.get(replicaId)?.lines ?? []) > logLimits.chunkLength
  }

  private nextSpace(): Promise<void> {
    this.space ??= new Promise((resolve) => {
      this.capacityMade = () => {
        this.space = null
        resolve()
      }
    })
    return this.space
  }

  private async send(): Promise<void> {
    const { clock } = this.options
    const { signal } = this.closing
    this.sending = true
    try {
      await Promise.resolve()
      while (this.waiting.size > 0 && !signal.aborted) {
        const batch = this.take()
        try {
          await this.deliver(batch)
          this.backoff.reset()
          this.wrongAnswers = 0
          this.capacityMade()
          await sleep(clock, pauseMs, signal)
        } catch (error) {
          this.options.log.debug(`${batch.length} logs wait: ${messageOf(error)}`)
          this.putBack(batch)
          await sleep(clock, this.backoff.next(), signal)
        }
      }
    } finally {
      this.sending = false
    }
  }

  private async deliver(batch: LogChunk[]): Promise<void> {
    try {
      await this.sendChunks(batch)
    } catch (error) {
      if (!isAboutInput(error)) throw error
      this.wrongAnswers += 1
      if (this.wrongAnswers < answersToOneByOne) throw error
      // A rejected log must not hold back the others for ever.
      for (const chunk of batch) await this.deliverAlone(chunk)
    }
  }

  /** Sends the chunk as it is, or else as a gap, so that readers see that lines are missing. */
  private async deliverAlone(chunk: LogChunk): Promise<void> {
    for (const form of [chunk, { ...chunk, lines: [], gap: true, message: '' }]) {
      try {
        return await this.sendChunks([form])
      } catch (error) {
        // When even a gap is rejected, the lines are not the reason.
        if (!isAboutInput(error) || (form !== chunk && !isRefusal(error))) throw error
        this.options.log.error(`lines of the log of replica ${chunk.replicaId} were not taken: ${messageOf(error)}`)
      }
    }
  }

  private async sendChunks(chunks: LogChunk[]): Promise<void> {
    const { undesired } = await this.options.controlPlane.sendLogs(chunks, callTimeoutMs)
    for (const { nodeId, replicaId } of chunks)
      if (undesired.includes(replicaId)) this.options.onUndesired(nodeId, replicaId)
  }

  /** Takes as much of each log as fits into one call, in turn; the rest keeps waiting. */
  private take(): LogChunk[] {
    const batch: LogChunk[] = []
    let left: number = logLimits.callLength
    for (const [replicaId, chunk] of [...this.waiting]) {
      if (left <= 0 || batch.length >= logLimits.chunksPerCall) break
      const count = fitting(chunk.lines, Math.min(left, logLimits.chunkLength))
      const lines = chunk.lines.slice(0, count)
      left -= lengthOf(lines)
      this.waiting.delete(replicaId)
      if (count === chunk.lines.length) batch.push(chunk)
      else {
        batch.push({ ...chunk, lines, state: null })
        this.waiting.set(replicaId, { ...chunk, lines: chunk.lines.slice(count), gap: false })
      }
    }
    return batch
  }

  private putBack(batch: LogChunk[]): void {
    for (const chunk of batch) {
      const newer = this.waiting.get(chunk.replicaId)
      this.waiting.set(chunk.replicaId, newer ? joined(chunk, newer) : chunk)
    }
  }
}

const joined = (before: LogChunk | undefined, news: LogNews): LogChunk => {
  const { nodeId, replicaId, lines = [], gap = false, state = null, message = '' } = news
  if (!before) return { nodeId, replicaId, lines, gap, state, message }
  return {
    nodeId,
    replicaId,
    lines: [...before.lines, ...lines],
    gap: before.gap || gap,
    state: state ?? before.state,
    message: state === null ? before.message : message,
  }
}

/** How many lines fit into `length` characters; at least one. */
const fitting = (lines: readonly LogLine[], length: number): number => {
  let sum = 0
  const most = Math.min(lines.length, logLimits.linesPerChunk)
  for (let i = 0; i < most; i++) {
    sum += (lines[i]?.text.length ?? 0) + 1
    if (sum > length) return Math.max(1, i)
  }
  return most
}

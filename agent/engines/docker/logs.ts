/** Parses logs of the Engine API: frames with one message each, which starts with its time. */

import type { LogRequest } from '@/agent/engines/engine'
import { repairedText } from '@/core/contract/text'
import { type LogLine, logLimits, logTime, nanosOf } from '@/core/logs/log'
import type { DockerHttp } from './http'
import { frameReader, type LogFrame } from './streams'

const newline = 0x0a
const space = 0x20

/** Turns chunks of frames into whole lines, and joins the parts of long lines that engines split. */
export class LineReader {
  private readonly frames = frameReader()
  private readonly open = new Map<LogFrame['stream'], { at: bigint; parts: Buffer[] }>()
  private last = 0n

  push(chunk: Buffer): LogLine[] {
    return this.frames(chunk).flatMap((frame) => this.take(frame))
  }

  /** Returns the remaining lines without a line end. */
  end(): LogLine[] {
    return [...this.open.keys()].map((stream) => this.close(stream)).filter((line) => line !== null)
  }

  private take({ stream, bytes }: LogFrame): LogLine[] {
    const cut = bytes.indexOf(space)
    const at = cut < 0 ? null : nanosOf(bytes.subarray(0, cut).toString('latin1'))
    const text = at === null ? bytes : bytes.subarray(cut + 1)
    const line = this.open.get(stream) ?? { at: at ?? this.last, parts: [] }
    this.open.set(stream, line)
    line.parts.push(text)
    const whole = text.at(-1) === newline ? this.close(stream) : null
    return whole ? [whole] : []
  }

  /** The two streams may be slightly out of order in time; the order of arrival counts. */
  private close(stream: LogFrame['stream']): LogLine | null {
    const line = this.open.get(stream)
    if (!line) return null
    this.open.delete(stream)
    this.last = line.at > this.last ? line.at : this.last + 1n
    const text = Buffer.concat(line.parts)
      .toString('utf8')
      .replace(/[\r\n]+$/, '')
    return {
      at: logTime(this.last),
      stream,
      text: repairedText(text, { max: logLimits.lineLength, shape: 'terminal' }),
    }
  }
}

/** The API takes seconds with decimals, and includes the line of exactly that time. */
const secondsOf = (time: string): string => {
  const nanos = nanosOf(time) ?? 0n
  return `${nanos / 1_000_000_000n}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}`
}

export const readLogs = async (http: DockerHttp, containerId: string, request: LogRequest): Promise<void> => {
  const { since, tail, follow, signal } = request
  const query = {
    stdout: true,
    stderr: true,
    timestamps: true,
    follow,
    tail: tail ?? 'all',
    ...(since === null ? {} : { since: secondsOf(since) }),
  }
  const reader = new LineReader()
  const hand = async (lines: LogLine[]) => {
    const news = since === null ? lines : lines.filter((line) => line.at > since)
    if (news.length > 0) await request.onLines(news)
  }
  try {
    const stream = await http.open({ path: `/containers/${containerId}/logs`, query, signal })
    for await (const chunk of stream) {
      if (signal.aborted) break
      await hand(reader.push(chunk))
    }
    await hand(reader.end())
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

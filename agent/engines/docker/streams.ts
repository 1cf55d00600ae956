/** The two stream formats of an engine: one JSON value per line, and log frames with 8-byte headers. */
import { repairedText } from '@/core/contract/text'
import { isRecord } from './http'

/** Parses chunks into one object per line; skips lines that are not JSON objects. */
export const jsonLines = (onValue: (value: Record<string, unknown>) => void) => {
  const decoder = new TextDecoder()
  let rest = ''
  const take = (line: string) => {
    if (!line.trim()) return
    try {
      const value: unknown = JSON.parse(line)
      if (isRecord(value)) onValue(value)
    } catch {
      // An incomplete line at the end of a broken stream carries no information.
    }
  }
  return {
    push(chunk: Uint8Array): void {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) take(line)
    },
    end(): void {
      take(rest + decoder.decode())
      rest = ''
    },
  }
}

export interface LogFrame {
  stream: 'stdout' | 'stderr'
  bytes: Buffer
}

/** Extracts whole frames from chunks of any size. Header: [stream 1|2, 0, 0, 0, length as 32 bits big-endian]. */
export const frameReader = () => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk: Buffer): LogFrame[] => {
    const buffer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    const frames: LogFrame[] = []
    let at = 0
    for (let end = frameEnd(buffer, at); end <= buffer.length; end = frameEnd(buffer, at)) {
      frames.push(frameAt(buffer, at, end))
      at = end
    }
    rest = buffer.subarray(at)
    return frames
  }
}

/** The frames of a whole answer; an incomplete last frame is included as far as it goes. */
export const logFrames = (buffer: Buffer): LogFrame[] => {
  const frames: LogFrame[] = []
  for (let at = 0; at + headLength <= buffer.length; at = frameEnd(buffer, at))
    frames.push(frameAt(buffer, at, frameEnd(buffer, at)))
  return frames
}

const headLength = 8

/** Infinity when not even the header is complete. */
const frameEnd = (buffer: Buffer, at: number): number =>
  at + headLength > buffer.length ? Number.POSITIVE_INFINITY : at + headLength + buffer.readUInt32BE(at + 4)

const frameAt = (buffer: Buffer, at: number, end: number): LogFrame => ({
  stream: buffer[at] === 2 ? 'stderr' : 'stdout',
  bytes: buffer.subarray(at + headLength, end),
})

/** Far more than is shown, because secrets must be masked before the line is cut. */
const longestLine = 8_192

/** The last non-blank line, cleaned so that it can be stored; null without one. */
export const lastLine = (buffer: Buffer): string | null => {
  const text = Buffer.concat(logFrames(buffer).map((frame) => frame.bytes)).toString('utf8')
  const line = text
    .split(/[\r\n]+/)
    .map((each) => repairedText(each, { max: longestLine }).trim())
    .filter(Boolean)
    .at(-1)
  return line ?? null
}

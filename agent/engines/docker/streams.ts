/** The two shapes in which an engine streams: one JSON value a line, and log frames with 8-byte heads. */
import { repairedText } from '@/core/contract/text'
import { isRecord } from './http'

/** Takes chunks as they come and hands out whole lines as parsed objects; lines that are not JSON are passed over. */
export const jsonLines = (onValue: (value: Record<string, unknown>) => void) => {
  const decoder = new TextDecoder()
  let rest = ''
  const take = (line: string) => {
    if (!line.trim()) return
    try {
      const value: unknown = JSON.parse(line)
      if (isRecord(value)) onValue(value)
    } catch {
      // A torn line at the end of a broken stream tells nothing.
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

/** Frames of [stream 1|2, 0, 0, 0, length big endian], whole ones, however they were cut into chunks. */
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

/** The frames of a whole answer; a last one that was cut off is given as far as it goes. */
export const logFrames = (buffer: Buffer): LogFrame[] => {
  const frames: LogFrame[] = []
  for (let at = 0; at + headLength <= buffer.length; at = frameEnd(buffer, at))
    frames.push(frameAt(buffer, at, frameEnd(buffer, at)))
  return frames
}

const headLength = 8

/** Beyond the buffer when not even its head is there. */
const frameEnd = (buffer: Buffer, at: number): number =>
  at + headLength > buffer.length ? Number.POSITIVE_INFINITY : at + headLength + buffer.readUInt32BE(at + 4)

const frameAt = (buffer: Buffer, at: number, end: number): LogFrame => ({
  stream: buffer[at] === 2 ? 'stderr' : 'stdout',
  bytes: buffer.subarray(at + headLength, end),
})

/** Far more than is shown: what is secret in it is blanked before it is cut. */
const longestLine = 8_192

/** The last line that is not blank, as text that can be stored. */
export const lastLine = (buffer: Buffer): string | null => {
  const text = Buffer.concat(logFrames(buffer).map((frame) => frame.bytes)).toString('utf8')
  const line = text
    .split(/[\r\n]+/)
    .map((each) => repairedText(each, { max: longestLine }).trim())
    .filter(Boolean)
    .at(-1)
  return line ?? null
}

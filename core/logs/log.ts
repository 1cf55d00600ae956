/** The logs of replicas: what agents send of them, and what readers see. Never written to a log of our own. */

export interface LogLine {
  /** When it was written, by the node's clock: ISO 8601 in UTC with nine decimals, so that text compares as time. */
  at: string
  stream: 'stdout' | 'stderr'
  text: string
}

/**
 * `following`: the agent reads it now, and what came so far is all that there is. `ended`: its container ended, and these
 * were its last lines. `unavailable`: the engine does not hand it out.
 */
export const logStates = ['following', 'ended', 'unavailable'] as const
export type LogState = (typeof logStates)[number]

/** What an agent sends of one log. Lines that were sent before do no harm. */
export interface LogChunk {
  nodeId: string
  replicaId: string
  lines: LogLine[]
  /** Lines before these are missing: there were more than are kept. */
  gap: boolean
  /** Null when it is as before. */
  state: LogState | null
  /** Why it is unavailable, in the engine's own words; else empty. */
  words: string
}

/** That somebody reads the log of a replica now. */
export interface LogSubscription {
  replicaId: string
  /** For so long, unless it is said again. */
  seconds: number
  /** The newest line that is known already; null when none is. */
  since: string | null
}

/** All logs of a node that are read now; replaces what was said before. */
export interface LogSubscriptions {
  nodeId: string
  replicas: LogSubscription[]
}

export const logLimits = {
  /** How many lines there are to begin with. */
  firstLines: 2_000,
  /** How many are sent of a container that failed, and now and then of one that nobody reads. */
  failedLines: 500,
  tailLines: 50,
  /** Characters of one line; the rest is cut off. */
  lineLength: 8_192,
  /** Of one replica in one call, and of all replicas together, in characters of text. */
  chunkLength: 131_072,
  callLength: 524_288,
  chunksPerCall: 200,
  linesPerChunk: 4_000,
  /** What is kept of one replica, in characters of text: the newest lines. */
  keptLength: 262_144,
  keptDays: 7,
  /** Replicas that are read at once. */
  replicas: 100,
} as const

export const lengthOf = (lines: readonly LogLine[]): number =>
  lines.reduce((sum, line) => sum + line.text.length + 1, 0)

export const logTimePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/

/** The form that compares as text, from nanoseconds since 1970. */
export function logTime(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}Z`
}

/** Nanoseconds since 1970 of any RFC 3339 time; null when it is none. */
export function nanosOf(time: string): bigint | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time)
  const seconds = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN
  if (!match || Number.isNaN(seconds)) return null
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

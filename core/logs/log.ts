/** The logs of replicas, as agents send them and readers see them. Never write them to the program's own logs. */

export interface LogLine {
  /** Time by the node's clock: ISO 8601 in UTC with nine decimals, so that comparing texts compares times. */
  at: string
  stream: 'stdout' | 'stderr'
  text: string
}

/**
 * `following`: the agent reads the log, and all lines so far have arrived. `ended`: the container ended, and all its
 * lines have arrived. `unavailable`: the engine does not provide the log.
 */
export const logStates = ['following', 'ended', 'unavailable'] as const
export type LogState = (typeof logStates)[number]

/** Lines of one log from an agent. Lines may be sent more than once. */
export interface LogChunk {
  nodeId: string
  replicaId: string
  lines: LogLine[]
  /** Whether lines before these are missing, because there were more than are kept. */
  gap: boolean
  /** Null when unchanged. */
  state: LogState | null
  /** The engine's message if the log is unavailable; else empty. */
  message: string
}

/** Asks an agent to send the log of a replica that somebody reads now. */
export interface LogSubscription {
  replicaId: string
  /** Duration of the subscription, unless it is renewed. */
  seconds: number
  /** Time of the newest line that the control plane has; null when it has none. */
  since: string | null
}

/** All log subscriptions of a node; replaces earlier ones. */
export interface LogSubscriptions {
  nodeId: string
  replicas: LogSubscription[]
}

export const logLimits = {
  /** Number of lines sent when somebody starts to read. */
  firstLines: 2_000,
  /** Number of lines sent for a failed container, and from time to time (`tailLines`) for one that nobody reads. */
  failedLines: 500,
  tailLines: 50,
  /** Maximum length of a line in characters; the rest is cut off. */
  lineLength: 8_192,
  /** Maximum characters in one call, for one replica and for all replicas together. */
  chunkLength: 131_072,
  callLength: 524_288,
  chunksPerCall: 200,
  linesPerChunk: 4_000,
  /** Maximum characters kept per replica; the oldest lines are dropped. */
  keptLength: 262_144,
  keptDays: 7,
  /** Maximum number of replicas that can be read at once. */
  replicas: 100,
} as const

export const lengthOf = (lines: readonly LogLine[]): number =>
  lines.reduce((sum, line) => sum + line.text.length + 1, 0)

export const logTimePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/

/** Formats nanoseconds since 1970 so that comparing texts compares times. */
export function logTime(nanos: bigint): string {
  const seconds = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${(nanos % 1_000_000_000n).toString().padStart(9, '0')}Z`
}

/** Parses an RFC 3339 time to nanoseconds since 1970; null when it is invalid. */
export function nanosOf(time: string): bigint | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time)
  const seconds = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN
  if (!match || Number.isNaN(seconds)) return null
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

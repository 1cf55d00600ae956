import type { LogLine, LogState } from '@/core/logs/log'

/** What the stream of logs tells of one replica: lines, the newest last, or how it is with its log. */
export type LogEvent =
  | {
      kind: 'lines'
      replicaId: string
      /** Numbers the events of a replica, so that one that comes twice is known. */
      seq: number
      /** Lines before these are missing. */
      gap: boolean
      lines: LogLine[]
    }
  | {
      kind: 'state'
      replicaId: string
      /** Null until its node said something. */
      state: LogState | null
      words: string
    }
/** What the pages read. Times are ISO 8601 strings; ids are UUIDs. */
/** One change, as the live stream tells it: what to read again. */
export interface LiveChange {
  /** deployments, nodes, users, tokens; or hello at the start of a stream, session-ended when the reader lost access */
  topic: 'deployment' | 'node' | 'user' | 'session' | 'token' | 'setting' | 'scheduler' | 'hello' | 'session-ended'
  /** UUIDs of what changed; empty is "any of them". */
  ids: string[]
}

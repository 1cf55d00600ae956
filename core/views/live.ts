import type { LogLine, LogState } from '@/core/logs/log'

/** A message of the log stream of one replica: lines, newest last, or the state of the log. */
export type LogEvent =
  | {
      kind: 'lines'
      replicaId: string
      /** Sequence number of the replica's messages, to detect duplicates. */
      seq: number
      /** Lines before these are missing. */
      gap: boolean
      lines: LogLine[]
    }
  | {
      kind: 'state'
      replicaId: string
      /** Null until its node has sent something. */
      state: LogState | null
      message: string
    }
/** What the pages read. Times are ISO 8601 strings; ids are UUIDs. */
/** A change notification of the live stream: what to read again. */
export interface LiveChange {
  /** deployments, nodes, users, tokens; or hello at the start of a stream, session-ended when the reader lost access */
  topic: 'deployment' | 'node' | 'user' | 'session' | 'token' | 'setting' | 'scheduler' | 'hello' | 'session-ended'
  /** UUIDs of the changed objects; empty means that any may have changed. */
  ids: string[]
}

import type { LogLine } from '@/core/logs/log'
import { plainText } from './ansi'

export interface LogRow {
  /** Unique in its buffer and stable while the row exists. */
  key: number
  at: string
  replicaId: string
  stream: LogLine['stream']
  /** The line as written. */
  text: string
  plain: string
  /** The row marks missing lines of this replica. */
  isGap: boolean
}

/** The maximum number of lines; older ones are dropped. */
export const mostRows = 100_000

/**
 * Merges the lines of several replicas by time. Lines of one replica arrive in order; late lines are inserted where
 * they belong.
 */
export class LogBuffer {
  private merged: LogRow[] = []
  private keys = 0
  private readonly seen = new Map<string, number>()
  private readonly latest = new Map<string, string>()

  constructor(private readonly limit = mostRows) {}

  /** Sorted by time. Read-only; every change creates a new array. */
  get rows(): readonly LogRow[] {
    return this.merged
  }

  /** When the newest line of the replica was written; null without lines. */
  newestOf(replicaId: string): string | null {
    return this.latest.get(replicaId) ?? null
  }

  /** The next sequence number of each replica; earlier lines are ignored. */
  add(chunks: readonly { replicaId: string; seq: number; gap: boolean; lines: readonly LogLine[] }[]): void {
    const fresh = chunks.filter(({ replicaId, seq }) => {
      const isNew = seq > (this.seen.get(replicaId) ?? 0)
      if (isNew) this.seen.set(replicaId, seq)
      return isNew
    })
    const rows = fresh.flatMap(({ replicaId, gap, lines }) => {
      const made = lines.map((line) => this.rowOf(replicaId, line))
      const first = made[0]
      const last = made.at(-1)
      if (last) this.latest.set(replicaId, last.at)
      return gap && first ? [{ ...first, key: ++this.keys, text: '', plain: '', isGap: true }, ...made] : made
    })
    if (rows.length === 0) return
    const all = mergedByTime(this.merged, inOrder(rows))
    this.merged = all.length > this.limit ? all.slice(-this.limit) : all
  }

  /** Removes the lines of all other replicas; they may arrive again. */
  keep(replicaIds: readonly string[]): void {
    const kept = new Set(replicaIds)
    const gone = [...this.seen.keys()].filter((id) => !kept.has(id))
    if (gone.length === 0) return
    for (const id of gone) {
      this.seen.delete(id)
      this.latest.delete(id)
    }
    this.merged = this.merged.filter((row) => kept.has(row.replicaId))
  }

  private rowOf(replicaId: string, { at, stream, text }: LogLine): LogRow {
    return { key: ++this.keys, at, replicaId, stream, text, plain: plainText(text), isGap: false }
  }
}

const isSorted = (rows: readonly LogRow[]): boolean =>
  rows.every((row, i) => i === 0 || (rows[i - 1]?.at ?? '') <= row.at)

/** Sorting is stable: lines with equal times keep their order of arrival. */
const inOrder = (rows: LogRow[]): LogRow[] =>
  isSorted(rows) ? rows : rows.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))

/** Index of the first row later than the time, or not earlier when `including`. */
export function firstAfter(rows: readonly { at: string }[], at: string, including = false): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    const here = rows[middle]?.at ?? ''
    if (here < at || (!including && here === at)) low = middle + 1
    else high = middle
  }
  return low
}

/** Both are sorted, so only rows later than the first new one have to be merged. */
function mergedByTime(older: readonly LogRow[], newer: readonly LogRow[]): LogRow[] {
  const cut = firstAfter(older, newer[0]?.at ?? '')
  const result = older.slice(0, cut)
  let i = cut
  for (const row of newer) {
    for (let next = older[i]; next && next.at <= row.at; next = older[i]) {
      result.push(next)
      i += 1
    }
    result.push(row)
  }
  for (; i < older.length; i++) result.push(older[i] as LogRow)
  return result
}

import type { LogRow } from './log-buffer'

/** Caches matches per row, because rows never change. */
const known = new WeakMap<LogRow, { query: string; found: boolean }>()

function contains(row: LogRow, query: string): boolean {
  const before = known.get(row)
  if (before?.query === query) return before.found
  const found = !row.isGap && row.plain.toLowerCase().includes(query)
  known.set(row, { query, found })
  return found
}

/** Indices of the rows that contain the text, ignoring case; none for the empty text. */
export function findRows(rows: readonly LogRow[], text: string): number[] {
  const query = text.toLowerCase()
  if (query === '') return []
  return rows.flatMap((row, index) => (contains(row, query) ? [index] : []))
}

interface Cut {
  text: string
  found: boolean
}

/** Splits a text at the matches: `from` is its offset in the line, `spans` are the matches of the line. */
export function cutAt(text: string, from: number, spans: readonly [number, number][]): Cut[] {
  const cuts: Cut[] = []
  let at = 0
  for (const [start, end] of spans) {
    const first = Math.max(at, start - from)
    const last = Math.min(text.length, end - from)
    if (last <= first) continue
    if (first > at) cuts.push({ text: text.slice(at, first), found: false })
    cuts.push({ text: text.slice(first, last), found: true })
    at = last
  }
  if (at < text.length) cuts.push({ text: text.slice(at), found: false })
  return cuts
}

export function spansOf(plain: string, text: string): [number, number][] {
  const query = text.toLowerCase()
  const line = plain.toLowerCase()
  const spans: [number, number][] = []
  if (query === '') return spans
  for (let at = line.indexOf(query); at >= 0; at = line.indexOf(query, at + query.length))
    spans.push([at, at + query.length])
  return spans
}

/** Positions of log lines whose heights depend on their text. */
import type { LogRow } from './log-buffer'

export const lineHeight = 20

/** The number of columns of a text: East Asian characters and emoji take two. */
export function columnsOf(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII, which is most of what programs write
  if (/^[\x00-\x7f]*$/.test(text)) return text.length
  let columns = 0
  for (const sign of text) columns += (sign.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1
  return columns
}

export interface LogLayout {
  count: number
  height: number
  topOf(index: number): number
  /** Index of the row at a height; the last one beyond the end. */
  indexAt(top: number): number
}

export const evenLayout = (count: number): LogLayout => ({
  count,
  height: count * lineHeight,
  topOf: (index) => index * lineHeight,
  indexAt: (top) => Math.max(0, Math.min(count - 1, Math.floor(top / lineHeight))),
})

/** Positions of lines that wrap after `columns`. */
export function wrappedLayout(rows: readonly LogRow[], columns: number): LogLayout {
  const tops = new Float64Array(rows.length + 1)
  rows.forEach((row, i) => {
    const lines = Math.max(1, Math.ceil(columnsOf(row.plain) / Math.max(1, columns)))
    tops[i + 1] = (tops[i] ?? 0) + lines * lineHeight
  })
  return {
    count: rows.length,
    height: tops[rows.length] ?? 0,
    topOf: (index) => tops[index] ?? 0,
    indexAt: (top) => {
      let low = 0
      let high = rows.length - 1
      while (low < high) {
        const middle = (low + high + 1) >> 1
        if ((tops[middle] ?? 0) <= top) low = middle
        else high = middle - 1
      }
      return low
    },
  }
}

import { expect, test } from 'vitest'
import type { LogLine } from '@/core/logs/log'
import { firstAfter, LogBuffer, type LogRow } from './log-buffer'
import { evenLayout, wrappedLayout } from './row-layout'
import { cutAt, findRows, spansOf } from './search'

const at = (ms: number): string => new Date(ms).toISOString().replace('Z', '000000Z')
const line = (ms: number, text = `at ${ms}`): LogLine => ({ at: at(ms), stream: 'stdout', text })
const chunk = (replicaId: string, seq: number, lines: LogLine[], gap = false) => ({ replicaId, seq, gap, lines })
const texts = ({ rows }: LogBuffer): string[] => rows.map((row) => (row.isGap ? '…' : row.plain))

test('merges the lines of several replicas by time, including late ones', () => {
  const buffer = new LogBuffer()
  buffer.add([chunk('a', 1, [line(1), line(4)]), chunk('b', 1, [line(2), line(3)])])
  buffer.add([chunk('a', 2, [line(9)])])
  buffer.add([chunk('b', 2, [line(5), line(6), line(10)])])
  expect(texts(buffer)).toEqual([1, 2, 3, 4, 5, 6, 9, 10].map((ms) => `at ${ms}`))
})

test('lines with equal times keep their order of arrival', () => {
  const buffer = new LogBuffer()
  buffer.add([chunk('a', 1, [line(1, 'first')]), chunk('b', 1, [line(1, 'second')])])
  buffer.add([chunk('a', 2, [line(1, 'third')])])
  expect(texts(buffer)).toEqual(['first', 'second', 'third'])
})

test('shows a line that arrives twice only once', () => {
  const buffer = new LogBuffer()
  buffer.add([chunk('a', 1, [line(1)]), chunk('a', 2, [line(2)])])
  buffer.add([chunk('a', 1, [line(1)]), chunk('a', 2, [line(2)]), chunk('a', 3, [line(3)])])
  expect(texts(buffer)).toEqual(['at 1', 'at 2', 'at 3'])
})

test('puts a gap before the lines that follow it', () => {
  const buffer = new LogBuffer()
  buffer.add([chunk('a', 1, [line(1)]), chunk('a', 7, [line(5)], true)])
  expect(texts(buffer)).toEqual(['at 1', '…', 'at 5'])
})

test('drops the oldest lines beyond the limit', () => {
  const buffer = new LogBuffer(1_000)
  for (let seq = 1; seq <= 30; seq++)
    buffer.add([
      chunk(
        'a',
        seq,
        Array.from({ length: 100 }, (_, i) => line(seq * 1_000 + i)),
      ),
    ])
  expect(buffer.rows).toHaveLength(1_000)
  expect(texts(buffer)[0]).toBe('at 21000')
  expect(texts(buffer).at(-1)).toBe('at 30099')
})

test('removes the lines of a deselected replica and takes them all again later', () => {
  const buffer = new LogBuffer()
  const both = [chunk('a', 1, [line(1)]), chunk('b', 1, [line(2)])]
  buffer.add(both)
  buffer.keep(['b'])
  expect(texts(buffer)).toEqual(['at 2'])
  buffer.add(both)
  expect(texts(buffer)).toEqual(['at 1', 'at 2'])
})

test('the rows are a new array after each change and the same array otherwise', () => {
  const buffer = new LogBuffer()
  buffer.add([chunk('a', 1, [line(1)])])
  const before = buffer.rows
  buffer.add([])
  buffer.keep(['a'])
  expect(buffer.rows).toBe(before)
  buffer.add([chunk('a', 2, [line(2)])])
  expect(buffer.rows).not.toBe(before)
  expect(before).toHaveLength(1)
})

test('finds the position of a time between lines', () => {
  const rows = [1, 3, 3, 5].map((ms) => ({ at: at(ms) }))
  expect([0, 1, 2, 3, 5, 9].map((ms) => firstAfter(rows, at(ms), true))).toEqual([0, 0, 1, 1, 3, 4])
  expect([0, 1, 2, 3, 5].map((ms) => firstAfter(rows, at(ms)))).toEqual([0, 1, 1, 3, 4])
})

const rowsOf = (...plain: string[]): LogRow[] => {
  const buffer = new LogBuffer()
  buffer.add([
    chunk(
      'a',
      1,
      plain.map((text, i) => line(i, text)),
    ),
  ])
  return [...buffer.rows]
}

test('search ignores case and color codes', () => {
  const rows = rowsOf('Error one', 'fine', 'an ERROR', '\u001b[31mred\u001b[0m')
  expect(findRows(rows, 'error')).toEqual([0, 2])
  expect(findRows(rows, '31m')).toEqual([])
  expect(findRows(rows, 'red')).toEqual([3])
  expect(findRows(rows, '')).toEqual([])
})

test('splits each piece of a line at the matches', () => {
  const spans = spansOf('abcABCabc', 'CA')
  expect(spans).toEqual([
    [2, 4],
    [5, 7],
  ])
  const cuts = (text: string, from: number) =>
    cutAt(text, from, spans).map((cut) => (cut.found ? `[${cut.text}]` : cut.text))
  expect(cuts('abc', 0)).toEqual(['ab', '[c]'])
  expect(cuts('ABC', 3)).toEqual(['[A]', 'B', '[C]'])
  expect(cuts('abc', 6)).toEqual(['[a]', 'bc'])
})

test('each wrapped line starts below the previous one', () => {
  const rows = rowsOf('x'.repeat(25), '', '日本語', 'short')
  const layout = wrappedLayout(rows, 10)
  expect([0, 1, 2, 3, 4].map((index) => layout.topOf(index))).toEqual([0, 60, 80, 100, 120])
  expect([0, 59, 60, 99, 100, 119, 5_000].map((top) => layout.indexAt(top))).toEqual([0, 0, 1, 2, 3, 3, 3])
  expect(layout.height).toBe(120)
  expect(wrappedLayout(rows, 5).topOf(3)).toBe(100 + 20 + 40)
  expect(evenLayout(3).indexAt(45)).toBe(2)
})

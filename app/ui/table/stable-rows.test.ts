import { expect, test } from 'vitest'
import { keepOrder, waitingChanges } from './stable-rows'

const row = (id: string, note = '') => ({ id, note })
const keep = (held: { id: string; note: string }[], latest: { id: string; note: string }[]) =>
  keepOrder(held, latest, ({ id }) => id)

test('rows keep their positions and get their latest content', () => {
  expect(keep([row('a'), row('b')], [row('b', 'new'), row('a', 'new')])).toEqual([row('a', 'new'), row('b', 'new')])
})

test('new rows wait and removed rows stay until the table is released', () => {
  expect(keep([row('a', 'last'), row('b')], [row('c'), row('b', 'new')])).toEqual([row('a', 'last'), row('b', 'new')])
})

test('counts rows that would appear, disappear or move; a row that moves past many counts once', () => {
  const waiting = (held: string, latest: string) => waitingChanges([...held], [...latest], String)
  expect(waiting('abc', 'abc')).toBe(0)
  expect(waiting('abc', 'nabc')).toBe(1)
  expect(waiting('abc', 'ab')).toBe(1)
  expect(waiting('abcdef', 'fabcde')).toBe(1)
  expect(waiting('abc', 'cba')).toBe(2)
  expect(waiting('abc', 'xyz')).toBe(6)
})

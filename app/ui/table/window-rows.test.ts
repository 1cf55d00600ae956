import { expect, test } from 'vitest'
import { visibleWindow } from './window-rows'

const rows = { rowHeight: 32, count: 1000, viewport: 800 }
const windowAt = (top: number) => visibleWindow(top, rows.viewport, rows.rowHeight, rows.count)

test('always renders the rows in the viewport', () => {
  for (const scrolled of [0, 1, 31, 4_000, 16_000, 31_200]) {
    const { first, end } = windowAt(-scrolled)
    expect(first * 32).toBeLessThanOrEqual(scrolled)
    expect(end === rows.count || end * 32 >= scrolled + rows.viewport).toBe(true)
  }
})

test('renders only a screenful and a margin', () => {
  const { first, end } = windowAt(-16_000)
  expect(end - first).toBeLessThan(72)
})

test('stays within the rows when the table is far from the viewport', () => {
  for (const top of [50_000, -500_000]) {
    const { first, end } = windowAt(top)
    expect(first).toBeLessThanOrEqual(end)
    expect(first).toBeGreaterThanOrEqual(0)
    expect(end).toBeLessThanOrEqual(rows.count)
  }
})

import { expect, test } from 'vitest'
import { cellAt, gridFor, placeOf, stepFrom } from './grid'

const grid = gridFor(25, 12, 125)

test('has as many columns as fit, at least one', () => {
  expect(grid).toEqual({ count: 25, columns: 10, pitch: 12, width: 120, height: 36 })
  expect(gridFor(3, 12, 125).width).toBe(36)
  expect(gridFor(3, 12, 5)).toMatchObject({ columns: 1, height: 36 })
})

test('finds every cell at its own position', () => {
  for (let index = 0; index < grid.count; index++) {
    const { left, top } = placeOf(grid, index)
    expect(cellAt(grid, left, top)).toBe(index)
    expect(cellAt(grid, left + 11, top + 11)).toBe(index)
  }
})

test('finds no cell outside the grid', () => {
  expect(cellAt(grid, 121, 5)).toBeNull()
  expect(cellAt(grid, 61, 30)).toBeNull()
  expect(cellAt(grid, -1, 5)).toBeNull()
})

test('arrow keys move and stop at the edges; Home and End jump', () => {
  expect(stepFrom(grid, 3, 'ArrowDown')).toBe(13)
  expect(stepFrom(grid, 18, 'ArrowDown')).toBe(18)
  expect(stepFrom(grid, 0, 'ArrowLeft')).toBe(0)
  expect(stepFrom(grid, 3, 'End')).toBe(24)
  expect(stepFrom(grid, 24, 'Home')).toBe(0)
  expect(stepFrom(grid, 3, 'a')).toBeNull()
})

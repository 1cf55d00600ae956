// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SearchField } from './search'

beforeEach(() => vi.useFakeTimers())
afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

function show(value = '') {
  const told: string[] = []
  render(<SearchField label="Search" value={value} onChange={(next) => told.push(next)} />)
  return { told, field: screen.getByLabelText('Search') }
}

test('what is typed is told after a pause, once', () => {
  const { told, field } = show()
  for (const text of ['w', 'we', 'web']) fireEvent.change(field, { target: { value: text } })
  expect(told).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(told).toEqual(['web'])
})

test('who goes on to something else is not followed by what was typed before', () => {
  const { told, field } = show()
  fireEvent.change(field, { target: { value: 'web' } })
  fireEvent.blur(field)
  expect(told).toEqual(['web'])
  vi.advanceTimersByTime(1000)
  expect(told).toEqual(['web'])
})

test('leaving a field in which nothing was typed tells nothing', () => {
  const { told, field } = show('web')
  fireEvent.blur(field)
  vi.advanceTimersByTime(1000)
  expect(told).toEqual([])
})

test('Escape clears the search at once', () => {
  const { told, field } = show('web')
  fireEvent.keyDown(field, { key: 'Escape' })
  expect(told).toEqual([''])
})

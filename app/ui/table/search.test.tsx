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
  const reported: string[] = []
  render(<SearchField label="Search" value={value} onChange={(next) => reported.push(next)} />)
  return { reported, field: screen.getByLabelText('Search') }
}

test('what is typed is told after a pause, once', () => {
  const { reported, field } = show()
  for (const text of ['w', 'we', 'web']) fireEvent.change(field, { target: { value: text } })
  expect(reported).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(reported).toEqual(['web'])
})

test('who goes on to something else is not followed by what was typed before', () => {
  const { reported, field } = show()
  fireEvent.change(field, { target: { value: 'web' } })
  fireEvent.blur(field)
  expect(reported).toEqual(['web'])
  vi.advanceTimersByTime(1000)
  expect(reported).toEqual(['web'])
})

test('leaving a field in which nothing was typed tells nothing', () => {
  const { reported, field } = show('web')
  fireEvent.blur(field)
  vi.advanceTimersByTime(1000)
  expect(reported).toEqual([])
})

test('Escape clears the search at once', () => {
  const { reported, field } = show('web')
  fireEvent.keyDown(field, { key: 'Escape' })
  expect(reported).toEqual([''])
})

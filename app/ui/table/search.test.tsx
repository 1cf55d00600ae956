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

test('reports typed text once, after a pause', () => {
  const { reported, field } = show()
  for (const text of ['w', 'we', 'web']) fireEvent.change(field, { target: { value: text } })
  expect(reported).toEqual([])
  vi.advanceTimersByTime(1000)
  expect(reported).toEqual(['web'])
})

test('reports typed text at once when the field loses the focus', () => {
  const { reported, field } = show()
  fireEvent.change(field, { target: { value: 'web' } })
  fireEvent.blur(field)
  expect(reported).toEqual(['web'])
  vi.advanceTimersByTime(1000)
  expect(reported).toEqual(['web'])
})

test('reports nothing when an unchanged field loses the focus', () => {
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

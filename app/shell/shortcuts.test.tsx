// @vitest-environment happy-dom
import { cleanup, fireEvent, render } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Shortcuts } from './shortcuts'

const push = vi.fn()
vi.mock('next/navigation', () => ({ useRouter: () => ({ push }) }))
vi.mock('@/app/features/session/me', () => ({ useMe: () => ({ role: 'admin' }) }))

beforeEach(() => push.mockClear())
afterEach(cleanup)

/** Milliseconds since the page began to load. */
const press = (key: string, at: number): void => {
  const event = new KeyboardEvent('keydown', { key, bubbles: true })
  Object.defineProperty(event, 'timeStamp', { value: at })
  fireEvent(document.body, event)
}

test('g followed by a letter opens a page', () => {
  render(<Shortcuts />)
  press('g', 500)
  press('j', 900)
  expect(push.mock.calls).toEqual([['/admin/join']])
  press('j', 1000)
  press('g', 5000)
  press('n', 7000)
  expect(push).toHaveBeenCalledTimes(1)
})

test('a letter alone does nothing, even in the first second of a page', () => {
  render(<Shortcuts />)
  press('j', 300)
  press('x', 400)
  expect(push).not.toHaveBeenCalled()
})

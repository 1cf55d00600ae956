import { expect, test, vi } from 'vitest'

test('a failure is recognized by every copy of its class, and other errors are not', async () => {
  const first = await import('./failure')
  vi.resetModules()
  const second = await import('./failure')
  expect(second.Failure).not.toBe(first.Failure)
  expect(new first.Failure('conflict', 'no') instanceof second.Failure).toBe(true)
  expect(new Error('no') instanceof first.Failure).toBe(false)
  expect(('no' as unknown) instanceof first.Failure).toBe(false)
})

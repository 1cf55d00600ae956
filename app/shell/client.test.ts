// @vitest-environment happy-dom
import { TRPCClientError } from '@trpc/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sessionRefusals } from '@/core/accounts/session-refusals'
import type { AppRouter } from '@/server/api/root'

const assign = vi.fn()

// Loads the module anew, because a page can only be left once.
async function freshClient() {
  vi.resetModules()
  return (await import('./client')).makeQueryClient()
}

beforeEach(() => {
  vi.useFakeTimers()
  assign.mockClear()
  vi.spyOn(window.location, 'assign').mockImplementation(assign)
})
afterEach(() => vi.useRealTimers())

const signedOut = (message: string) =>
  TRPCClientError.from<AppRouter>({ error: { message, code: -32001, data: { code: 'UNAUTHORIZED' } } } as never)

test('a page stays when the browser has a new session after the old one ended', async () => {
  const queryFn = vi.fn().mockRejectedValueOnce(signedOut(sessionRefusals.ended)).mockResolvedValue('answer')
  const answer = (await freshClient()).fetchQuery({ queryKey: ['q'], queryFn })
  await vi.runAllTimersAsync()
  expect(await answer).toBe('answer')
  expect(assign).not.toHaveBeenCalled()
})

test.each([
  [sessionRefusals.ended, 'ended'],
  [sessionRefusals.disabled, 'ended'],
  ['Sign in first', 'expired'],
])('repeated “%s” errors lead to the login page with the reason “%s”', async (message, reason) => {
  const queryFn = vi.fn().mockRejectedValue(signedOut(message))
  const answer = (await freshClient()).fetchQuery({ queryKey: ['q'], queryFn }).catch((error: Error) => error.message)
  await vi.runAllTimersAsync()
  expect(await answer).toBe(message)
  expect(queryFn).toHaveBeenCalledTimes(3)
  expect(assign.mock.calls).toEqual([[expect.stringMatching(new RegExp(`^/login\\?next=.*&reason=${reason}$`))]])
})

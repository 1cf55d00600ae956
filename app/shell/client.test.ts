// @vitest-environment happy-dom
import { TRPCClientError } from '@trpc/client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sessionRefusals } from '@/core/accounts/session-refusals'
import type { AppRouter } from '@/server/api/root'

const assign = vi.fn()

// Afresh: who has left a page does not leave it again.
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

test('a page stays when a new session of this browser follows the one that ended', async () => {
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
])('who is told “%s” again and again is sent to sign in with the reason “%s”', async (message, reason) => {
  const queryFn = vi.fn().mockRejectedValue(signedOut(message))
  const answer = (await freshClient()).fetchQuery({ queryKey: ['q'], queryFn }).catch((error: Error) => error.message)
  await vi.runAllTimersAsync()
  expect(await answer).toBe(message)
  expect(queryFn).toHaveBeenCalledTimes(3)
  expect(assign.mock.calls).toEqual([[expect.stringMatching(new RegExp(`^/login\\?next=.*&reason=${reason}$`))]])
})

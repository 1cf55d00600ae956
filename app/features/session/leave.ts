import { sessionRefusals } from '@/core/accounts/session-refusals'

export const leaveReasons = {
  expired: 'Your session has ended. Sign in again to continue where you left off.',
  ended: 'Your account was changed or signed out everywhere. Sign in again to continue where you left off.',
} as const
type LeaveReason = keyof typeof leaveReasons

/**
 * Another tab, or this page, may be getting a new session as the old one ends: the waits for its cookie before each
 * further attempt, in ms.
 */
export const nextSessionMs = [500, 1500] as const

let leaving = false
let held = 0

/**
 * Runs `work` without leaving the page, because users who change their own password lose the old session and get a new
 * one.
 */
async function stayDuring<Result>(work: () => Promise<Result>): Promise<Result> {
  held += 1
  try {
    return await work()
  } finally {
    held -= 1
  }
}

/** Signs out and opens the login page. Queries that fail meanwhile are expected and don't trigger `leaveForLogin`. */
export async function leaveBySigningOut(signOut: () => Promise<void>): Promise<void> {
  await stayDuring(async () => {
    await signOut()
    leaving = true
  })
  window.location.assign('/login')
}

/**
 * Opens the login page, which leads back here, once nobody is signed in any more. Loads the whole page, so that no
 * data stays in memory.
 *
 * @param refusal the server's message: distinguishes a session that was ended from one that expired
 */
export function leaveForLogin(refusal: string): void {
  if (leaving || held > 0 || window.location.pathname === '/login') return
  leaving = true
  const next = window.location.pathname + window.location.search
  window.location.assign(`/login?${new URLSearchParams({ next, reason: reasonOf(refusal) })}`)
}

const reasonOf = (refusal: string): LeaveReason =>
  refusal === sessionRefusals.ended || refusal === sessionRefusals.disabled ? 'ended' : 'expired'

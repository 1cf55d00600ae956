import { sessionRefusals } from '@/core/accounts/session-refusals'

export const leaveReasons = {
  expired: 'Your session has ended. Sign in again to go on where you were.',
  ended:
    'Your account was changed or signed out everywhere, so this session has ended. Sign in again to go on where you were.',
} as const
type LeaveReason = keyof typeof leaveReasons

/**
 * Another tab, or this page itself, may be getting a new session as the old one ends: how long its cookie is waited
 * for before each further try, in milliseconds.
 */
export const nextSessionMs = [500, 1500] as const

let leaving = false
let held = 0

/** While a reader changes the own password, the old session ends and a new one is made: that is no reason to go. */
async function stayDuring<Result>(work: () => Promise<Result>): Promise<Result> {
  held += 1
  try {
    return await work()
  } finally {
    held -= 1
  }
}

/** The reader's own wish: what is still being read meanwhile ends with the session, and that is no news to them. */
export async function leaveBySigningOut(signOut: () => Promise<void>): Promise<void> {
  await stayDuring(async () => {
    await signOut()
    leaving = true
  })
  window.location.assign('/login')
}

/**
 * To the login page and back to where the reader was, once it is sure that nobody is signed in here any more. A full
 * load: nothing that was read stays in memory.
 *
 * @param refusal what the server said: tells a session that was ended from one that is over by itself
 */
export function leaveForLogin(refusal: string): void {
  if (leaving || held > 0 || window.location.pathname === '/login') return
  leaving = true
  const next = window.location.pathname + window.location.search
  window.location.assign(`/login?${new URLSearchParams({ next, reason: reasonOf(refusal) })}`)
}

const reasonOf = (refusal: string): LeaveReason =>
  refusal === sessionRefusals.ended || refusal === sessionRefusals.disabled ? 'ended' : 'expired'

/** Why a session that was good is not any more: pages tell people apart from it what happened. */
export const sessionRefusals = {
  ended: 'The session has ended: sign in again',
  disabled: 'This account is disabled',
  over: 'The session has expired: sign in again',
  invalid: 'The session is not valid: sign in again',
} as const

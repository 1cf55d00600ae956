/** Why a session is no longer valid; pages show these messages. */
export const sessionRefusals = {
  ended: 'The session has ended: sign in again',
  disabled: 'This account is disabled',
  over: 'The session has expired: sign in again',
  invalid: 'The session is not valid: sign in again',
} as const

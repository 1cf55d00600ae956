/** Why a session that was good is not any more: pages tell people apart from it what happened. */
export const sessionRefusals = {
  ended: 'The session has ended: sign in again',
  disabled: 'This account is disabled',
} as const

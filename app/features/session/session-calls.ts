/**
 * Direct calls to NextAuth. Its browser library is not used, because it navigates to a JSON error page when the server
 * does not answer, where this shows an error beside the form.
 */

export type SignInRefusal =
  | { kind: 'wrong' }
  | { kind: 'disabled' }
  | { kind: 'locked'; seconds: number }
  /** Too many sign-ins at once. */
  | { kind: 'busy' }
  /** The server answered with an internal error. */
  | { kind: 'fault' }
  | { kind: 'unreachable' }

function textOf(answer: unknown, name: string): string | null {
  const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : null
  return typeof value === 'string' ? value : null
}

async function post(path: string, fields: Record<string, string>): Promise<{ ok: boolean; url: string | null }> {
  const csrfToken = textOf(await (await fetch('/api/auth/csrf')).json(), 'csrfToken')
  if (csrfToken === null) throw new Error('The server gave no CSRF token')
  const body = new URLSearchParams({ ...fields, csrfToken, json: 'true' })
  const response = await fetch(path, { method: 'POST', body })
  return { ok: response.ok, url: textOf(await response.json(), 'url') }
}

/** The error code in the URL of the server's answer. */
export function refusalOf(error: string): SignInRefusal {
  if (error === 'disabled') return { kind: 'disabled' }
  const locked = /^locked:(\d+)$/.exec(error)
  if (locked) return { kind: 'locked', seconds: Number(locked[1]) }
  if (error.startsWith('busy:')) return { kind: 'busy' }
  return error === 'wrong' || error === 'CredentialsSignin' ? { kind: 'wrong' } : { kind: 'fault' }
}

/** Null when signed in. */
export async function signIn(username: string, password: string): Promise<SignInRefusal | null> {
  try {
    const { url } = await post('/api/auth/callback/credentials', { username, password })
    const error = url ? new URL(url, window.location.origin).searchParams.get('error') : 'fault'
    return error === null ? null : refusalOf(error)
  } catch {
    return { kind: 'unreachable' }
  }
}

export async function signOut(): Promise<void> {
  const { ok } = await post('/api/auth/signout', {})
  if (!ok) throw new Error('The server did not end the session')
}

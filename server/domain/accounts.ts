/** Why `username` cannot be one, as a sentence; null when it can. */
export function usernameProblem(username: string): string | null {
  if (!/^[a-z0-9][a-z0-9._@-]{0,63}$/.test(username))
    return 'Use 1 to 64 of a–z, 0–9, . _ @ -, starting with a letter or digit'
  return null
}

export const passwordLimits = { min: 10, max: 200 }

/** Why `password` is too weak to be set for `username`; null when it will do. */
export function passwordProblem(password: string, username: string): string | null {
  if (password.length < passwordLimits.min) return `Use at least ${passwordLimits.min} characters`
  if (password.length > passwordLimits.max) return `Use at most ${passwordLimits.max} characters`
  if (username !== '' && password.toLowerCase().includes(username.toLowerCase()) && username.length > 3)
    return 'The password must not contain the user name'
  if (new Set(password).size < 5) return 'Use at least 5 different characters'
  return null
}

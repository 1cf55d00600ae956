/** Returns why `username` is invalid, as a sentence; null when it is valid. */
export function usernameProblem(username: string): string | null {
  if (!/^[a-z0-9][a-z0-9._@-]{0,63}$/.test(username))
    return 'Use 1 to 64 of a–z, 0–9, . _ @ -, starting with a letter or digit'
  return null
}

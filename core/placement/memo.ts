/** Caches the results of `make`. Clears the cache at `limit` entries, so that user input cannot fill the memory. */
export function memoized<T>(make: (text: string) => T, limit = 10_000): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const before = known.get(text)
    if (before !== undefined) return before
    if (known.size >= limit) known.clear()
    const made = make(text)
    known.set(text, made)
    return made
  }
}

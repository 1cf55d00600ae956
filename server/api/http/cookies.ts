/**
 * Parses cookies by name. A value that is not URL-encoded was set by another program on this host, and is kept as it
 * is.
 */
export const cookiesOf = (header: string): Record<string, string> =>
  Object.fromEntries(
    header
      .split(';')
      .map((pair) => pair.trim().split('='))
      .map(([name = '', ...value]) => [name, decoded(value.join('='))]),
  )

function decoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}

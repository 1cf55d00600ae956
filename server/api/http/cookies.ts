/** By name. A value that is not encoded as ours are belongs to another program of this host: it is taken as it stands. */
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

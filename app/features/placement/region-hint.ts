/** Below a field for the wanted region, where anything may be typed: a region without nodes is no mistake, but may be a slip. */
export function regionHint(wanted: string, regions: readonly string[]): string {
  const region = wanted.trim()
  return regions.length > 0 && !regions.some((one) => one.startsWith(region))
    ? `No node is in ${region}: the nearest come first.`
    : 'Preferred region (blank = any).'
}

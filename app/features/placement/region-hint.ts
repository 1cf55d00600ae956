/**
 * The hint below the field for the preferred region. Any text is allowed there: a region without nodes is valid, but
 * may be a typo.
 */
export function regionHint(wanted: string, regions: readonly string[]): string {
  const region = wanted.trim()
  return regions.length > 0 && !regions.some((one) => one.startsWith(region))
    ? `No nodes in ${region}: nearest nodes come first.`
    : 'Preferred region (blank = any).'
}

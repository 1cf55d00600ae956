/** Sessions: what begins when somebody signs in with a password. */

/** A person at a page, or a program with the access token that it got for a password. */
const sessionKinds = ['browser', 'program'] as const
export type SessionKind = (typeof sessionKinds)[number]

const hour = 3600
const day = 24 * hour

/** In seconds: a session ends when nothing was asked with it for `idle`, and `absolute` after it began whatever happens. */
export const sessionLimits: Record<SessionKind, { idle: number; absolute: number }> = {
  browser: { idle: 12 * hour, absolute: 7 * day },
  program: { idle: 12 * hour, absolute: 12 * hour },
}

/** Ended sessions are kept so long: they say from where their user has signed in before. */
export const keptSessionDays = 90
/** Of each user and kind, so many sessions are kept at most; the ones that were seen last. */
export const keptSessions = 500

export interface SessionView {
  id: string
  kind: SessionKind
  /** "Firefox on Linux", or what a program calls itself; null when nothing was said. */
  device: string | null
  /** Where the password was given; null when not known. */
  address: string | null
  /** Where it was seen last, when that is another address. */
  lastAddress: string | null
  createdAt: string
  /** To the minute. */
  lastSeenAt: string
  expiresAt: string
  /** The session of the call that asks. */
  current: boolean
}

const browsers: readonly [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/.*\bSafari\//, 'Safari'],
]

const systems: readonly [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

const deviceLength = 60

/** What a user agent says in a few words. */
export function deviceOf(userAgent: string | null): string | null {
  if (!userAgent) return null
  const named = (of: readonly [RegExp, string][]) => of.find(([pattern]) => pattern.test(userAgent))?.[1]
  const browser = named(browsers)
  const system = named(systems)
  if (browser) return system ? `${browser} on ${system}` : browser
  return userAgent.split(' ')[0]?.slice(0, deviceLength) || null
}

/**
 * What sign-in limits count an address as: an IPv4 address alone, an IPv6 address with the other 2^64 of its network, of
 * which everybody may have as many as they like.
 */
export function networkOf(address: string | null): string {
  if (address === null) return 'unknown'
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  if (!/^[0-9a-f:]+(?:%\w+)?$/i.test(address) || !address.includes(':')) return address.slice(0, 100)
  const [head = '', tail] = address.replace(/%.*$/, '').toLowerCase().split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [first, last] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length)
  const all = [...first, ...Array<string>(zeros).fill('0'), ...last]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

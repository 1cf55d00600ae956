/** Sessions. Signing in with a password starts one. */

/** `browser`: a person on the pages. `program`: a client with an access token obtained with a password. */
const sessionKinds = ['browser', 'program'] as const
export type SessionKind = (typeof sessionKinds)[number]

const hour = 3600
const day = 24 * hour

/** A session ends after `idle` seconds without a request, and at the latest `absolute` seconds after its start. */
export const sessionLimits: Record<SessionKind, { idle: number; absolute: number }> = {
  browser: { idle: 12 * hour, absolute: 7 * day },
  program: { idle: 12 * hour, absolute: 12 * hour },
}

/** Days for which ended sessions are kept; they show from where their user has signed in before. */
export const keptSessionDays = 90
/** Maximum number of sessions kept per user and kind; the least recently used ones are deleted. */
export const keptSessions = 500

export interface SessionView {
  id: string
  kind: SessionKind
  /** "Firefox on Linux", or the name that a program gives; null when unknown. */
  device: string | null
  /** Network address of the sign-in; null when unknown. */
  address: string | null
  /** Network address of the last request, if different. */
  lastAddress: string | null
  createdAt: string
  /** To the minute. */
  lastSeenAt: string
  expiresAt: string
  /** Whether it is the session of the present call. */
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

/** Returns a short name of the browser and system from a user agent string; null without one. */
export function deviceOf(userAgent: string | null): string | null {
  if (!userAgent) return null
  const named = (of: readonly [RegExp, string][]) => of.find(([pattern]) => pattern.test(userAgent))?.[1]
  const browser = named(browsers)
  const system = named(systems)
  if (browser) return system ? `${browser} on ${system}` : browser
  return userAgent.split(' ')[0]?.slice(0, deviceLength) || null
}

/**
 * Returns the key under which sign-in limits count an address: an IPv4 address itself, but the /64 network of an IPv6
 * address, because one client can use all addresses of its network.
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

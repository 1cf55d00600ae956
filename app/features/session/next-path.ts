/**
 * The path to open after signing in. Only paths of this site: `//evil.example`, `/\evil.example`, `https:…` and control
 * characters (which browsers drop) would lead elsewhere.
 */
export function safeNextPath(next: string | null | undefined, fallback = '/'): string {
  if (!next?.startsWith('/')) return fallback
  const origin = 'http://fogdeck.invalid'
  if (!URL.canParse(next, origin)) return fallback
  const url = new URL(next, origin)
  if (url.origin !== origin || url.pathname.startsWith('//')) return fallback
  // The login page would redirect in a circle, and the API would show JSON.
  if (/^\/(login|api)(\/|$)/.test(url.pathname)) return fallback
  return url.pathname + url.search + url.hash
}

/**
 * Where to go after signing in. Only a path of this very site: `//evil.example`, `/\evil.example`, `https:…` and
 * control characters (which browsers drop) would lead away from it.
 */
export function safeNextPath(next: string | null | undefined, fallback = '/'): string {
  if (!next?.startsWith('/')) return fallback
  const origin = 'http://fogdeck.invalid'
  if (!URL.canParse(next, origin)) return fallback
  const url = new URL(next, origin)
  if (url.origin !== origin || url.pathname.startsWith('//')) return fallback
  // Back to the login page would be a circle, and to the API a page of JSON.
  if (/^\/(login|api)(\/|$)/.test(url.pathname)) return fallback
  return url.pathname + url.search + url.hash
}

/** The security headers of every answer. */

interface Answered {
  /** Without the query. */
  path: string
  /** The nonce of this page's scripts. */
  nonce: string
  /** Whether this installation is reached by HTTPS only. */
  isSecure: boolean
}

const policyText = (directives: Record<string, string>): string =>
  Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ')

/**
 * Allows scripts with the page's nonce, and scripts that these load. Inline styles are allowed because charts and
 * dialogs set them.
 */
export const pagePolicy = (nonce: string): string =>
  policyText({
    'default-src': "'self'",
    'script-src': `'self' 'nonce-${nonce}' 'strict-dynamic'`,
    'style-src': "'self' 'unsafe-inline'",
    'img-src': "'self' data: blob:",
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
  })

/** An API answer that is opened as a page can do nothing. */
const dataPolicy = policyText({ 'default-src': "'none'", 'frame-ancestors': "'none'" })

const always = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

const yearSeconds = 31_536_000

export function responseHeaders({ path, nonce, isSecure }: Answered): Record<string, string> {
  const isApi = isApiPath(path)
  return {
    ...always,
    'Content-Security-Policy': isApi ? dataPolicy : pagePolicy(nonce),
    ...(isSecure && { 'Strict-Transport-Security': `max-age=${yearSeconds}` }),
    ...(isApi && { 'Cache-Control': 'no-store' }),
  }
}

export const isApiPath = (path: string): boolean => path === '/api' || path.startsWith('/api/')

/** Checks that refuse a request before any work is done for it. */
import type { IncomingMessage } from 'node:http'
import { agentBodyLimit, authBodyLimit, bodyLimit, trpcBodyLimit } from '@/server/lib/body-limits'
import type { Problem } from '@/server/lib/problem-document'
import { isApiPath } from './response-headers'

const apiMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const pageMethods = ['GET', 'HEAD']

/** @returns null for a request that may be processed. */
export function refusalOf({
  method = 'GET',
  url = '',
  headers,
}: Pick<IncomingMessage, 'method' | 'url' | 'headers'>): Problem | null {
  const path = pathOf(url)
  if (path === null)
    return {
      status: 400,
      detail: 'The address is not well-formed: % must be followed by two hexadecimal digits of UTF-8',
    }
  const methods = isApiPath(path) ? apiMethods : pageMethods
  if (!methods.includes(method))
    return {
      status: 405,
      detail: `${path.slice(0, 200)} takes ${methods.join(', ')}, not ${method}`,
      headers: { allow: methods.join(', ') },
    }
  const limit = bodyLimitOf(path)
  if (Number(headers['content-length'] ?? 0) > limit)
    return { status: 413, detail: `The body has more than ${limit / 1024} KiB` }
  return null
}

/** Null when the path can't be decoded. */
export function pathOf(url: string): string | null {
  if (!url.startsWith('/')) return null
  const path = url.split(/[?#]/, 1)[0] ?? ''
  try {
    decodeURIComponent(path)
    return path
  } catch {
    return null
  }
}

function bodyLimitOf(path: string): number {
  if (path.startsWith('/api/trpc/agent.')) return agentBodyLimit
  if (path.startsWith('/api/trpc/')) return trpcBodyLimit
  return path.startsWith('/api/auth/') ? authBodyLimit : bodyLimit
}

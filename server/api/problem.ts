import type { TRPCError } from '@trpc/server'
import { Failure, type FieldProblem } from '../domain/failure'
import { fieldsOf, sentenceOf } from './trpc'

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Wrong input',
  429: 'Too many tries',
  500: 'Fault of the server',
  503: 'Not ready',
}

export interface Problem {
  status: number
  detail: string
  errors?: FieldProblem[]
  headers?: Record<string, string>
}

/** An answer in the form of RFC 9457, application/problem+json. */
export const problemResponse = ({ status, detail, errors = [], headers = {} }: Problem): Response =>
  new Response(JSON.stringify({ type: 'about:blank', title: titles[status] ?? 'Error', status, detail, errors }), {
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...headers,
    },
  })

const statuses: Partial<Record<TRPCError['code'], number>> = {
  PARSE_ERROR: 400,
  // Well-formed JSON with wrong values; every wrong field is named.
  BAD_REQUEST: 422,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_SUPPORTED: 405,
  CONFLICT: 409,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  TOO_MANY_REQUESTS: 429,
  SERVICE_UNAVAILABLE: 503,
}

/** The problem that a refused procedure call is. */
export function problemOf(error: TRPCError): Problem {
  const retryAfter = error.cause instanceof Failure ? error.cause.retryAfterSeconds : undefined
  return {
    status: statuses[error.code] ?? 500,
    detail: sentenceOf(error),
    errors: fieldsOf(error),
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }),
  }
}

import type { TRPCError } from '@trpc/server'
import { Failure } from '@/core/contract/failure'
import { fieldsOf, sentenceOf } from '@/server/api/context/trpc'
import { type Problem, problemDocument, problemHeaders } from '@/server/lib/problem-document'

export type { Problem }

/** Builds an answer in the format of RFC 9457, application/problem+json. */
export const problemResponse = (problem: Problem): Response =>
  new Response(problemDocument(problem), { status: problem.status, headers: problemHeaders(problem) })

const statuses: Partial<Record<TRPCError['code'], number>> = {
  PARSE_ERROR: 400,
  // Well-formed JSON with invalid values; the answer names every invalid field.
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

/** Converts the error of a procedure call to a problem. */
export function problemOf(error: TRPCError): Problem {
  const retryAfter = error.cause instanceof Failure ? error.cause.retryAfterSeconds : undefined
  return {
    status: statuses[error.code] ?? 500,
    detail: sentenceOf(error),
    errors: fieldsOf(error),
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }),
  }
}

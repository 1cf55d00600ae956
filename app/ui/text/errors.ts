import { TRPCClientError } from '@trpc/client'
import type { FieldProblem } from '@/core/contract/failure'

/** The one translator of what went wrong into words for people. */
interface ErrorMessages {
  cause: string
  remedy: string
}

interface ErrorData {
  code?: string
  fields?: FieldProblem[]
}

const hasText = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'string'

const isProblem = (value: unknown): value is FieldProblem => hasText(value, 'path') && hasText(value, 'message')

/** By hand: this is in the first load of every page, where a library for it would weigh more than the page. */
function dataOf(error: unknown): ErrorData {
  const data: unknown = error instanceof TRPCClientError ? error.data : null
  if (typeof data !== 'object' || data === null) return {}
  const { code, fields } = data as { code?: unknown; fields?: unknown }
  return {
    ...(typeof code === 'string' && { code }),
    ...(Array.isArray(fields) && fields.every(isProblem) && { fields }),
  }
}

export const errorCode = (error: unknown): string | undefined => dataOf(error).code

/** Field by field, as the server named them: 'resources.cpu'. */
export const errorFields = (error: unknown): FieldProblem[] => dataOf(error).fields ?? []

const remedies: Record<string, string> = {
  FORBIDDEN: 'Ask an administrator for a role that may.',
  NOT_FOUND: 'It may have been removed; go back to the list.',
  CONFLICT: '',
  BAD_REQUEST: '',
  UNPROCESSABLE_CONTENT: '',
  TOO_MANY_REQUESTS: 'Wait a moment before the next try.',
  TIMEOUT: 'The server is busy; try again.',
  SERVICE_UNAVAILABLE: 'Nothing was lost; try again in a few seconds.',
  INTERNAL_SERVER_ERROR: 'The log of the server says more; trying again may help.',
}

export function describeError(error: unknown): ErrorMessages {
  const code = errorCode(error)
  if (code) return { cause: sentence(messageOf(error)), remedy: remedies[code] ?? '' }
  if (error instanceof TRPCClientError || error instanceof TypeError) {
    return {
      cause: 'The server does not answer.',
      remedy: 'Check that Fogdeck runs and that this computer reaches it, then try again.',
    }
  }
  return {
    cause: sentence(messageOf(error)),
    remedy: 'Reload the page; if it comes back, report it with this message.',
  }
}

/** One sentence for places that have room for no more. */
export function errorSentence(error: unknown): string {
  const { cause, remedy } = describeError(error)
  return remedy ? `${cause} ${remedy}` : cause
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)

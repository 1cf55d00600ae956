import { TRPCClientError } from '@trpc/client'
import type { FieldProblem } from '@/core/contract/failure'

/** Describes any error to users. All pages go through this module. */
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

/** Checked by hand, because a validation library would be larger than the rest of the first load. */
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

/** Errors by field path as the server named them: 'resources.cpu'. */
export const errorFields = (error: unknown): FieldProblem[] => dataOf(error).fields ?? []

const remedies: Record<string, string> = {
  FORBIDDEN: 'Ask an administrator for access.',
  NOT_FOUND: 'It may have been removed. Go back to the list.',
  CONFLICT: '',
  BAD_REQUEST: '',
  UNPROCESSABLE_CONTENT: '',
  TOO_MANY_REQUESTS: 'Wait a moment, then try again.',
  TIMEOUT: 'The server is busy. Try again.',
  SERVICE_UNAVAILABLE: 'Nothing was lost. Try again in a few seconds.',
  INTERNAL_SERVER_ERROR: 'Try again. The server log has details.',
}

export function describeError(error: unknown): ErrorMessages {
  const code = errorCode(error)
  if (code) return { cause: sentence(messageOf(error)), remedy: remedies[code] ?? '' }
  if (error instanceof TRPCClientError || error instanceof TypeError) {
    return {
      cause: 'The server does not answer.',
      remedy: 'Check that Fogdeck is running and reachable from this computer, then try again.',
    }
  }
  return {
    cause: sentence(messageOf(error)),
    remedy: 'Reload the page. If it happens again, report this message.',
  }
}

/** The error in one sentence, where there is no space for more. */
export function errorSentence(error: unknown): string {
  const { cause, remedy } = describeError(error)
  return remedy ? `${cause} ${remedy}` : cause
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const sentence = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`)

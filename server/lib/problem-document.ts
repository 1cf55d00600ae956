/** Refusals in the form of RFC 9457, application/problem+json. */
import type { FieldProblem } from '@/core/contract/failure'

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  411: 'Length required',
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

export const problemDocument = ({ status, detail, errors = [] }: Problem): string =>
  JSON.stringify({ type: 'about:blank', title: titles[status] ?? 'Error', status, detail, errors })

export const problemHeaders = ({ status, headers = {} }: Problem): Record<string, string> => ({
  'content-type': 'application/problem+json; charset=utf-8',
  ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
  ...headers,
})

import { TRPCClientError } from '@trpc/client'
import { expect, test } from 'vitest'
import { describeError, errorCode, errorFields, errorSentence } from './errors'

const refused = (code: string, message: string, fields: unknown[] = []) =>
  TRPCClientError.from({ error: { code: -32000, message, data: { code, fields } } })

test("shows the server's message", () => {
  const error = refused('CONFLICT', 'This deployment is already deleted')
  expect(errorCode(error)).toBe('CONFLICT')
  expect(errorSentence(error)).toBe('This deployment is already deleted.')
})

test('distinguishes an unreachable server from a refusal', () => {
  expect(describeError(new TypeError('Failed to fetch')).cause).toBe('The server does not answer.')
  expect(describeError(TRPCClientError.from(new TypeError('Failed to fetch'))).cause).toBe(
    'The server does not answer.',
  )
})

test('a permanent refusal says who can help', () => {
  expect(describeError(refused('FORBIDDEN', 'The role viewer may not do this')).remedy).toMatch(/administrator/)
})

test('reads field errors from the server and ignores malformed ones', () => {
  const fields = [{ path: 'resources.cpu', message: 'CPU must be between 0.5 and 16 cores' }]
  expect(errorFields(refused('BAD_REQUEST', 'One field is wrong', fields))).toEqual(fields)
  expect(errorFields(refused('BAD_REQUEST', 'One field is wrong', [{ path: 3 }]))).toEqual([])
  expect(errorFields(new Error('anything'))).toEqual([])
})

import pg from 'pg'
import { expect, test } from 'vitest'
import { databaseProblem } from './errors'

const withCode = (code: string, message = 'words') => Object.assign(new Error(message), { code })

test.each([
  [withCode('53100', 'could not extend file'), 'The disk of the database is full'],
  [withCode('ECONNREFUSED'), 'The database cannot be reached'],
  [withCode('57P03'), 'The database is starting or stopping'],
  [new Error('Query read timeout'), 'The database does not answer'],
  [new Error('Connection terminated unexpectedly'), 'The database does not answer'],
])('%s is told as a sentence', (error, sentence) => {
  expect(databaseProblem(error)).toContain(sentence)
})

test('is found behind what wraps it', () => {
  const refused = new AggregateError([withCode('EOTHER'), withCode('ECONNREFUSED')])
  expect(databaseProblem(new Error('the call failed', { cause: refused }))).toBe('The database cannot be reached')
})

test('a fault of ours, or a refusal of the database, is none', () => {
  expect(databaseProblem(new TypeError('x is not a function'))).toBeNull()
  expect(
    databaseProblem(Object.assign(new pg.DatabaseError('duplicate key', 1, 'error'), { code: '23505' })),
  ).toBeNull()
  expect(databaseProblem('text')).toBeNull()
})

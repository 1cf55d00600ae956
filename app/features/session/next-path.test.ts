import { expect, test } from 'vitest'
import { safeNextPath } from './next-path'

test.each(['/nodes', '/deployments/1?tab=timeline&view=table', '/nodes?q=a%26b#top'])('keeps %s', (path) => {
  expect(safeNextPath(path)).toBe(path)
})

test.each([
  undefined,
  null,
  '',
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  '/%09//evil.example/..//x'.replace('%09', '\t'),
  'javascript:alert(1)',
  'deployments',
])('replaces %j by the start page', (path) => {
  expect(safeNextPath(path)).toBe('/')
})

test.each(['/login', '/login?next=/login', '/api/auth/signout'])('rejects %s', (path) => {
  expect(safeNextPath(path)).toBe('/')
})

test('/loginsight is not the login page', () => {
  expect(safeNextPath('/loginsight')).toBe('/loginsight')
})

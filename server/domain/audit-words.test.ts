import { expect, test } from 'vitest'
import { changeText, differenceText, wordsOf } from './audit-words'

test('a change is told in one line', () => {
  expect(differenceText({ field: 'role', before: 'viewer', after: 'operator' })).toBe('role: viewer → operator')
  expect(differenceText({ field: 'expiresInHours', before: null, after: '24' })).toBe('expires in hours: 24')
  expect(differenceText({ field: 'status', before: 'running', after: null })).toBe('status was running')
})

test('all changes together, without the name that stands beside them', () => {
  const subject = { name: 'web-api' }
  const after = { name: 'web-api', image: 'nginx:1', policy: { weights: { load: 0.3 } } }
  expect(changeText({ before: null, after, subject })).toBe('image: nginx:1, policy.weights.load: 0.3')
  expect(changeText({ before: null, after: null, subject })).toBe('')
})

test('actions have words, also those that only an older version knew', () => {
  expect(wordsOf('deployment.create')).toBe('Deployed')
  expect(wordsOf('planet.move')).toBe('planet.move')
})

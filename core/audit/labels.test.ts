import { expect, test } from 'vitest'
import { changeText, differenceText, textOf } from './labels'

test('a change is shown in one line', () => {
  expect(differenceText({ field: 'role', before: 'viewer', after: 'operator' })).toBe('role: viewer → operator')
  expect(differenceText({ field: 'expiresInHours', before: null, after: '24' })).toBe('expires in hours: 24')
  expect(differenceText({ field: 'status', before: 'running', after: null })).toBe('status was running')
})

test('several changes are shown in one line, without the name of the subject', () => {
  const subject = { name: 'web-api' }
  const after = { name: 'web-api', image: 'nginx:1', policy: { weights: { load: 0.3 } } }
  expect(changeText({ before: null, after, subject })).toBe('image: nginx:1, policy.weights.load: 0.3')
  expect(changeText({ before: null, after: null, subject })).toBe('')
  // A field other than the name stays, even with the same value.
  const like = { name: 'redis', image: 'redis' }
  expect(changeText({ before: null, after: like, subject: { name: 'redis' } })).toBe('image: redis')
})

test('the changes of an update are shown as recorded', () => {
  const after = { revision: 3, replicas: 2, changes: [{ what: 'image', from: 'nginx:1', to: 'nginx:2' }] }
  expect(changeText({ before: { revision: 2, replicas: 2 }, after, subject: { name: 'web-api' } })).toBe(
    'revision: 2 → 3, image: nginx:1 → nginx:2',
  )
})

test('every action has a label, also one of an older version', () => {
  expect(textOf('deployment.create')).toBe('Deployed')
  expect(textOf('planet.move')).toBe('planet.move')
})

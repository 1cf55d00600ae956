import { expect, test } from 'vitest'
import { refusalOf } from './session-calls'

test('distinguishes the errors of the server', () => {
  expect(refusalOf('wrong')).toEqual({ kind: 'wrong' })
  expect(refusalOf('disabled')).toEqual({ kind: 'disabled' })
  expect(refusalOf('locked:42')).toEqual({ kind: 'locked', seconds: 42 })
})

test('treats an unknown error as a fault, not as a wrong password', () => {
  expect(refusalOf('Configuration')).toEqual({ kind: 'fault' })
  expect(refusalOf('locked:soon')).toEqual({ kind: 'fault' })
})

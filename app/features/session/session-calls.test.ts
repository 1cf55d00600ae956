import { expect, test } from 'vitest'
import { refusalOf } from './session-calls'

test('the words of the server are told apart', () => {
  expect(refusalOf('wrong')).toEqual({ kind: 'wrong' })
  expect(refusalOf('disabled')).toEqual({ kind: 'disabled' })
  expect(refusalOf('locked:42')).toEqual({ kind: 'locked', seconds: 42 })
})

test('a word that nobody knows is a fault, not a wrong password', () => {
  expect(refusalOf('Configuration')).toEqual({ kind: 'fault' })
  expect(refusalOf('locked:soon')).toEqual({ kind: 'fault' })
})

import { expect, test } from 'vitest'
import type { Suggestion } from '@/core/placement/types'
import { emptyForm } from '../deploy-form/form'
import { suggestedUpdate } from './suggested'

const suggestion = (kind: Suggestion['kind'], from: number, to: number): Suggestion => ({
  ...{ kind, from, to },
  message: '',
  nodeIds: [],
})

test('reduces the total by as many replicas as the suggestion drops', () => {
  const form = { ...emptyForm, replicas: '30' }
  expect(suggestedUpdate(suggestion('replicas', 25, 7), form)).toEqual({ replicas: '12' })
  expect(suggestedUpdate(suggestion('memory', 2048, 1536), form)).toEqual({ memory: '1536' })
})

import { expect, test } from 'vitest'
import type { Suggestion } from '@/server/domain/placement'
import { type DeployForm, emptyForm } from './form-schema'
import { suggestedChange } from './suggestions'

const suggestion = (kind: Suggestion['kind'], to: number | null, message = ''): Suggestion => ({
  kind,
  to,
  from: null,
  message,
  nodeIds: [],
})

test.each([
  ['replicas', 2, { replicas: '2' }],
  ['cpu', 1500, { cpu: '1.5' }],
  ['memory', 1536, { memory: '1536' }],
  ['storage', 5, { storage: '5' }],
  ['gpu', 0, { gpu: '0' }],
  ['max-per-node', 4, { maxPerNode: '4' }],
] as const)('%s goes into its field in the unit of the field', (kind, to, change) =>
  expect(suggestedChange(suggestion(kind, to), emptyForm)).toEqual(change),
)

test('a rule that is to be dropped is found by its words', () => {
  const form: DeployForm = {
    ...emptyForm,
    constraints: [
      { key: 'disk', op: '=', values: 'ssd' },
      { key: 'zone', op: 'in', values: 'a,b' },
    ],
  }
  const change = suggestedChange(suggestion('labels', null, 'Drop the rule “zone in a, b”'), form)
  expect(change).toEqual({ constraints: [{ key: 'disk', op: '=', values: 'ssd' }] })
})

test('a change of nodes is no change of the form', () => {
  expect(suggestedChange(suggestion('uncordon', null), emptyForm)).toBeNull()
})

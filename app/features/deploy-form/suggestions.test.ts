import { expect, test } from 'vitest'
import type { Suggestion } from '@/core/placement/types'
import { type DeployForm, emptyForm } from './form'
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
] as const)('a suggested %s is converted to the unit of its field', (kind, to, change) =>
  expect(suggestedChange(suggestion(kind, to), emptyForm)).toEqual(change),
)

test('changes or clears a suggested host port and keeps the other rows', () => {
  const form: DeployForm = {
    ...emptyForm,
    ports: [
      { container: '80', host: '8080' },
      { container: '443', host: '8443' },
    ],
  }
  const change = (from: number | null, to: number | null) =>
    suggestedChange({ ...suggestion('host-ports', to), from }, form)?.ports?.map(({ host }) => host)
  expect(change(8080, 8081)).toEqual(['8081', '8443'])
  expect(change(8080, null)).toEqual(['', '8443'])
  expect(change(null, null)).toEqual(['', ''])
})

test('finds the constraint to drop by its text', () => {
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

test('changes or clears the max_skew of the spread that has one', () => {
  const preference = { across: 'zone' as const, maxSkew: '', weight: '50' }
  const form: DeployForm = { ...emptyForm, spread: [preference, { across: 'region', maxSkew: '1', weight: '50' }] }
  expect(suggestedChange(suggestion('max-skew', 3), form)).toEqual({
    spread: [preference, { across: 'region', maxSkew: '3', weight: '50' }],
  })
  expect(suggestedChange(suggestion('max-skew', null), form)).toEqual({
    spread: [preference, { across: 'region', maxSkew: '', weight: '50' }],
  })
})

test('finds the required affinity to drop by its text and ignores preferences', () => {
  const row = { on: 'node' as const, deployment: 'db', weight: '50' }
  const preference = { ...row, mode: 'prefer-same' as const }
  const form: DeployForm = { ...emptyForm, affinity: [{ ...row, mode: 'require-same' }, preference] }
  const change = suggestedChange(suggestion('affinity', null, 'Drop the rule “on the same node as db”'), form)
  expect(change).toEqual({ affinity: [preference] })
})

test('a suggestion about nodes does not change the form', () => {
  expect(suggestedChange(suggestion('uncordon', null), emptyForm)).toBeNull()
})

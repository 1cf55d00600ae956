import { expect, test } from 'vitest'
import { formPath } from './field-paths'
import { type DeployForm, emptyForm } from './form'

const form: DeployForm = {
  ...emptyForm,
  constraints: [
    { key: '', op: '=', values: '' },
    { key: 'disk', op: '=', values: 'ssd' },
  ],
  preferences: [
    { key: '', op: '=', values: '', weight: '50' },
    { key: 'disk', op: '=', values: 'ssd', weight: '50' },
  ],
  affinity: [
    { mode: 'require-same', on: 'node', deployment: '', weight: '50' },
    { mode: 'prefer-other', on: 'node', deployment: 'web', weight: '50' },
    { mode: 'require-same', on: 'node', deployment: 'db', weight: '50' },
  ],
  ports: [
    { container: '80', host: '' },
    { container: '', host: '' },
    { container: '443', host: '' },
  ],
  env: [
    { name: '', value: '' },
    { name: 'LOG_LEVEL', value: 'x' },
  ],
}

test.each([
  ['container_image', 'image'],
  ['resources.cpu', 'cpu'],
  ['max_per_node', 'maxPerNode'],
  // Rows left blank were not sent.
  ['constraints.0.key', 'constraints.1.key'],
  ['constraints.0.values.2', 'constraints.1.values'],
  ['ports.1.container', 'ports.2.container'],
  ['env.LOG_LEVEL', 'env.1.value'],
  ['env.GONE', 'env'],
  ['preferences.0.weight', 'preferences.1.weight'],
  ['spread.1.max_skew', 'spread.1.maxSkew'],
  ['affinity.0.deployment', 'affinity.2.deployment'],
  ['anti_affinity.0.deployment', 'affinity.1.deployment'],
  ['policy.weights', 'policy'],
])('maps the server path %s to the form field %s', (path, field) => expect(formPath(path, form)).toBe(field))

test('maps paths without a form field to none', () => {
  expect(formPath('Idempotency-Key', form)).toBeNull()
})

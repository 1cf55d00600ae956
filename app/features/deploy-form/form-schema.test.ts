import { describe, expect, test } from 'vitest'
import { deploySchema } from '@/core/contract/deployments'
import { type DeployForm, emptyForm } from './form'
import { readDeploy, readForm, readPreview } from './form-schema'

const filled: DeployForm = { ...emptyForm, name: 'web-api', image: 'nginx:1.27' }
/** The first error of each field, which is the one that the form shows. */
function problems(form: DeployForm): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { path, message } of readDeploy(form).problems ?? []) found[path.join('.')] ??= message
  return found
}

test('a sparse form becomes a minimal request', () => {
  expect(readForm(filled)).toEqual({
    name: 'web-api',
    type: 'compute',
    container_image: 'nginx:1.27',
    replicas: 1,
    resources: { cpu: 1, memory: 512, gpu: 0, storage: 10 },
  })
})

test('a full form becomes a request that the server accepts', () => {
  const request = readForm({
    ...filled,
    replicas: ' 3 ',
    cpu: '0,5',
    region: 'us-east',
    maxPerNode: '2',
    waitForCapacity: true,
    lostAfter: '0',
    constraints: [
      { key: 'disk', op: 'in', values: 'ssd, nvme,' },
      { key: 'gpu', op: 'exists', values: 'left over' },
      { key: '', op: '=', values: '' },
    ],
    policy: { choice: 'custom', resources: '0,5', load: '0.25', locality: '0.25', packing: true },
    priority: '80',
    preferences: [
      { key: 'disk', op: '=', values: 'ssd', weight: '70' },
      { key: '', op: '=', values: '', weight: '' },
    ],
    spread: [{ across: 'region', maxSkew: '1', weight: '0' }],
    affinity: [
      { mode: 'require-same', on: 'node', deployment: 'db', weight: '' },
      { mode: 'prefer-other', on: 'zone', deployment: ' web ', weight: '20' },
      { mode: 'prefer-same', on: 'node', deployment: '', weight: '' },
    ],
    ports: [
      { container: '80', host: '' },
      { container: '', host: '' },
      { container: '443', host: '8443' },
    ],
    env: [
      { name: 'LOG_LEVEL', value: 'info' },
      { name: '', value: '' },
    ],
  })
  expect(request).toMatchObject({
    replicas: 3,
    resources: { cpu: 0.5 },
    region: 'us-east',
    max_per_node: 2,
    wait_for_capacity: true,
    lost_after: 0,
    constraints: [
      { key: 'disk', op: 'in', values: ['ssd', 'nvme'] },
      { key: 'gpu', op: 'exists', values: [] },
    ],
    policy: { weights: { resources: 0.5, load: 0.25, locality: 0.25 }, packing: true },
    priority: 80,
    preferences: [{ key: 'disk', op: '=', values: ['ssd'], weight: 70 }],
    spread: [{ across: 'region', max_skew: 1, weight: 0 }],
    affinity: [{ deployment: 'db', on: 'node', required: true }],
    anti_affinity: [{ deployment: 'web', on: 'zone', weight: 20 }],
    ports: [
      { container: 80, host: null },
      { container: 443, host: 8443 },
    ],
    env: { LOG_LEVEL: 'info' },
  })
  expect(deploySchema.safeParse(request).success).toBe(true)
})

describe('reports errors with the same messages as the server', () => {
  const sent = { name: 'a', type: 'compute', container_image: 'nginx', replicas: 1, resources: { cpu: 1, memory: 512 } }
  const ofServer = (request: object): string | undefined =>
    deploySchema.safeParse({ ...sent, ...request }).error?.issues[0]?.message

  test.each([
    ['name', { name: '' }, { name: '' }],
    ['name', { name: 'no spaces' }, { name: 'no spaces' }],
    ['name', { name: 'x'.repeat(101) }, { name: 'x'.repeat(101) }],
    ['image', { image: '' }, { container_image: '' }],
    ['image', { image: 'Nginx' }, { container_image: 'Nginx' }],
    ['replicas', { replicas: '0' }, { replicas: 0 }],
    ['replicas', { replicas: '101' }, { replicas: 101 }],
    ['replicas', { replicas: '1.5' }, { replicas: 1.5 }],
    ['replicas', { replicas: 'three' }, { replicas: 'three' }],
    ['cpu', { cpu: '' }, { resources: { memory: 512, cpu: 'x' } }],
    ['cpu', { cpu: '0.1' }, { resources: { memory: 512, cpu: 0.1 } }],
    ['cpu', { cpu: '0.50001' }, { resources: { memory: 512, cpu: 0.50001 } }],
    ['memory', { memory: '511' }, { resources: { cpu: 1, memory: 511 } }],
    ['gpu', { gpu: '9' }, { resources: { cpu: 1, memory: 512, gpu: 9 } }],
    ['storage', { storage: '0' }, { resources: { cpu: 1, memory: 512, storage: 0 } }],
    ['region', { region: 'us east' }, { region: 'us east' }],
    ['lostAfter', { lostAfter: '-1' }, { lost_after: -1 }],
    ['lostAfter', { lostAfter: '86401' }, { lost_after: 86_401 }],
    ['maxPerNode', { maxPerNode: '0' }, { max_per_node: 0 }],
    [
      'constraints.0.key',
      { constraints: [{ key: 'no spaces', op: '=', values: 'a' }] },
      { constraints: [{ key: 'no spaces', op: '=', values: ['a'] }] },
    ],
    [
      'constraints.0.values',
      { constraints: [{ key: 'a', op: 'in', values: ' , ' }] },
      { constraints: [{ key: 'a', op: 'in', values: [] }] },
    ],
    ['priority', { priority: '101' }, { priority: 101 }],
    [
      'policy.weights',
      { policy: { choice: 'custom', resources: '1', load: '1', locality: '0', packing: false } },
      { policy: { weights: { resources: 1, load: 1, locality: 0 } } },
    ],
    [
      'preferences.0.weight',
      { preferences: [{ key: 'a', op: 'exists', values: '', weight: '0' }] },
      { preferences: [{ key: 'a', op: 'exists', weight: 0 }] },
    ],
    [
      'spread.0.maxSkew',
      { spread: [{ across: 'zone', maxSkew: '0', weight: '50' }] },
      { spread: [{ across: 'zone', max_skew: 0 }] },
    ],
    [
      'spread.0.weight',
      { spread: [{ across: 'zone', maxSkew: '', weight: '0' }] },
      { spread: [{ across: 'zone', weight: 0 }] },
    ],
    [
      'spread.1.across',
      {
        spread: [
          { across: 'zone', maxSkew: '', weight: '50' },
          { across: 'zone', maxSkew: '', weight: '50' },
        ],
      },
      { spread: [{ across: 'zone' }, { across: 'zone' }] },
    ],
    [
      'spread.1.maxSkew',
      {
        spread: [
          { across: 'zone', maxSkew: '1', weight: '50' },
          { across: 'region', maxSkew: '1', weight: '50' },
        ],
      },
      {
        spread: [
          { across: 'zone', max_skew: 1 },
          { across: 'region', max_skew: 1 },
        ],
      },
    ],
    [
      'affinity.0.deployment',
      { affinity: [{ mode: 'prefer-same', on: 'node', deployment: 'no spaces', weight: '50' }] },
      { affinity: [{ deployment: 'no spaces' }] },
    ],
    ['ports.0.container', { ports: [{ container: '70000', host: '' }] }, { ports: [{ container: 70000 }] }],
    ['ports.0.host', { ports: [{ container: '80', host: '0' }] }, { ports: [{ container: 80, host: 0 }] }],
    // Text that cannot be stored or shown.
    ['name', { name: 'a\u0007b' }, { name: 'a\u0007b' }],
    ['region', { region: 'us\u0000east' }, { region: 'us\u0000east' }],
    [
      'constraints.0.values',
      { constraints: [{ key: 'a', op: '=', values: 'b\ud800' }] },
      { constraints: [{ key: 'a', op: '=', values: ['b\ud800'] }] },
    ],
    ['env.0.value', { env: [{ name: 'A', value: 'b\u0000' }] }, { env: { A: 'b\u0000' } }],
  ] as const)('%s of %j', (field, form, request) => {
    const message = problems({ ...filled, ...form } as DeployForm)[field]
    expect(message).toBeTruthy()
    expect(message).toBe(ofServer(request))
  })

  test('a container port that is listed twice', () => {
    const twice = [
      { container: '80', host: '' },
      { container: '80', host: '81' },
    ]
    expect(problems({ ...filled, ports: twice })['ports.1.container']).toBe(
      ofServer({ ports: [{ container: 80 }, { container: 80 }] }),
    )
  })

  test('a host port that is listed twice', () => {
    const twice = [
      { container: '80', host: '8080' },
      { container: '81', host: '8080' },
    ]
    const asked = { ports: twice.map(({ container, host }) => ({ container: Number(container), host: Number(host) })) }
    expect(problems({ ...filled, ports: twice })['ports.1.host']).toBe('A host port is listed twice')
    expect(ofServer(asked)).toBe('A host port is listed twice')
  })
})

test('values of variables may contain line breaks; other text is trimmed', () => {
  const request = readForm({ ...filled, name: '\tweb-api\n', env: [{ name: 'KEY', value: 'one\n\ttwo\u001b' }] })
  expect(request).toMatchObject({ name: 'web-api', env: { KEY: 'one\n\ttwo\u001b' } })
})

test('rejects a variable that is listed twice', () => {
  const env = [
    { name: 'A', value: '1' },
    { name: 'A', value: '2' },
  ]
  expect(problems({ ...filled, env })).toEqual({ 'env.1.name': 'This variable is listed twice' })
})

test('the preview requires neither a name nor an image', () => {
  expect(readPreview(emptyForm).problems).toBeNull()
  expect(readPreview({ ...emptyForm, cpu: 'lots' }).problems).toEqual([
    { path: ['cpu'], message: 'CPU must be a number of cores' },
  ])
})

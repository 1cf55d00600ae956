import { expect, test } from 'vitest'
import type { DeployInput } from '@/app/features/deploy-form/inputs'
import { changesOf, updateOf } from './changes'

const before: DeployInput = {
  name: 'web-api',
  type: 'compute',
  container_image: 'nginx:1.27',
  replicas: 3,
  resources: { cpu: 1, memory: 512, gpu: 0, storage: 10 },
  region: 'us-east',
  ports: [{ container: 80, host: null }],
}

test('an update contains exactly what differs', () => {
  expect(updateOf(before, before, [])).toEqual({})
  expect(updateOf(before, { ...before, container_image: 'nginx:1.28' }, [])).toEqual({ container_image: 'nginx:1.28' })
  expect(updateOf(before, { ...before, replicas: 4, max_per_node: 2 }, [])).toEqual({ replicas: 4, max_per_node: 2 })
})

test('sends cleared fields explicitly, because omitted ones stay unchanged', () => {
  const { region: _, ports: __, ...emptied } = before
  expect(updateOf(before, emptied, [])).toEqual({ region: null, ports: [] })
})

test('a value sets a variable, null removes it, and omitting it keeps it', () => {
  const after = { ...before, env: { LEVEL: 'debug', BACK: 'again' } }
  expect(updateOf(before, after, ['OLD', 'BACK'])).toEqual({ env: { OLD: null, BACK: 'again', LEVEL: 'debug' } })
})

test('the changes are listed as text', () => {
  const after = {
    ...before,
    container_image: 'nginx:1.28',
    replicas: 2,
    resources: { cpu: 2, memory: 512 },
    env: { A: '1' },
  }
  expect(changesOf(before, after, ['OLD']).map(({ what, from, to }) => `${what}: ${from} → ${to}`)).toEqual([
    'replicas: 3 → 2',
    'image: nginx:1.27 → nginx:1.28',
    'cpu: 1 core → 2 cores',
    'variable A: current value → new value',
    'variable OLD: set → none',
  ])
  expect(changesOf(before, before, [])).toEqual([])
})

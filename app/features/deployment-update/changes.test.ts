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

test('an update holds what differs and nothing else', () => {
  expect(updateOf(before, before, [])).toEqual({})
  expect(updateOf(before, { ...before, container_image: 'nginx:1.28' }, [])).toEqual({ container_image: 'nginx:1.28' })
  expect(updateOf(before, { ...before, replicas: 4, max_per_node: 2 }, [])).toEqual({ replicas: 4, max_per_node: 2 })
})

test('what was emptied in the form is sent as such, since what is left out of an update stays', () => {
  const { region: _, ports: __, ...emptied } = before
  expect(updateOf(before, emptied, [])).toEqual({ region: null, ports: [] })
})

test('a variable is set by a value, taken away by null, and left alone by not being named', () => {
  const after = { ...before, env: { LEVEL: 'debug', BACK: 'again' } }
  expect(updateOf(before, after, ['OLD', 'BACK'])).toEqual({ env: { OLD: null, BACK: 'again', LEVEL: 'debug' } })
})

test('the changes are told in words', () => {
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
    'variable A: as it is → the value above',
    'variable OLD: set → none',
  ])
  expect(changesOf(before, before, [])).toEqual([])
})

import { expect, test } from 'vitest'
import { readPreview } from '@/app/features/deploy-form/form-schema'
import { emptyRequest, emptyTexts, type RequestTexts, readRequest as read, textsOf } from './request-query'

const readRequest = (texts: RequestTexts) => read(texts, readPreview)

test('converts an address into an API request', () => {
  const labels = 'disk = ssd; gpu exists'
  expect(readRequest({ ...emptyTexts, replicas: '3', cpu: '0,5', region: 'us-east', per: '2', labels })).toEqual({
    request: {
      replicas: 3,
      resources: { cpu: 0.5, memory: 512, gpu: 0, storage: 10 },
      region: 'us-east',
      max_per_node: 2,
      constraints: [
        { key: 'disk', op: '=', values: ['ssd'] },
        { key: 'gpu', op: 'exists', values: [] },
      ],
    },
    problems: {},
  })
})

test('reports an error for each invalid field', () => {
  const { request, problems } = readRequest({ ...emptyTexts, replicas: '0', memory: 'much', per: '' })
  expect(request).toBeNull()
  expect(problems).toEqual({
    replicas: 'Replicas must be between 1 and 100',
    memory: 'Memory must be a number',
    per: 'Replicas per node must be a number',
  })
  expect(readRequest({ ...emptyTexts, labels: 'fast' }).problems.labels).toContain('“fast” is not a rule')
})

test('converts a deployment into form values', () => {
  const texts = textsOf({
    replicas: 2,
    resources: { cpuMillis: 1500, memoryMb: 2048, storageGb: 20, gpuUnits: 1 },
    region: null,
    maxPerNode: 1,
    constraints: [{ key: 'zone', op: 'in', values: ['a', 'b'] }],
  })
  expect(texts).toEqual({
    replicas: '2',
    cpu: '1.5',
    memory: '2048',
    storage: '20',
    gpu: '1',
    region: '',
    per: '1',
    labels: 'zone in a, b',
  })
  expect(readRequest(texts).request?.constraints).toEqual([{ key: 'zone', op: 'in', values: ['a', 'b'] }])
})

test('the empty request needs no check, and others have none until it is loaded', () => {
  expect(readRequest(emptyTexts)).toEqual({ request: emptyRequest, problems: {} })
  expect(read({ ...emptyTexts, replicas: '2' }, null)).toEqual({ request: null, problems: {} })
})

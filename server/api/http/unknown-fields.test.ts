import { expect, it } from 'vitest'
import { unknownFields } from './unknown-fields'

const deploy = '/api/deployment/deploy'

it('reports each unknown field, with the name that was probably meant', () => {
  expect(unknownFields(deploy, { regoin: 'us-east', resources: { memry: 512, disk: 1 } })).toEqual([
    { path: 'regoin', message: 'This field is not known: did you mean region?' },
    { path: 'resources.memry', message: 'This field is not known: did you mean memory?' },
    { path: 'resources.disk', message: 'This field is not known: known are cpu, memory, gpu, storage' },
  ])
  expect(unknownFields('/api/deployment/scale/some-id', { replica: 2 })).toEqual([
    { path: 'replica', message: 'This field is not known: did you mean replicas?' },
  ])
})

it('reports nothing for the fields of the contract', () => {
  const resources = { cpu: 2, memory: 2048, gpu: 0, storage: 20 }
  const request = { name: 'web', type: 'compute', container_image: 'nginx', replicas: 3, resources, region: 'us-east' }
  expect(unknownFields(deploy, request)).toEqual([])
  expect(unknownFields('/api/deployment/scale/some-id', { replicas: 5 })).toEqual([])
})

it('handles null objects and fields named like object properties', () => {
  expect(unknownFields(deploy, { resources: null })).toEqual([])
  expect(unknownFields(deploy, JSON.parse('{"__proto__":{}}'))).toMatchObject([{ path: '__proto__' }])
})

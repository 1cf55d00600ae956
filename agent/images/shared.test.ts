import { expect, test } from 'vitest'
import type { ResolvedImage } from '@/core/agents/protocol'
import type { ImageContent } from '@/core/deployments/image'
import { SharedImages } from './shared'

const content: ImageContent = { digest: `sha256:${'a'.repeat(64)}`, imageId: `sha256:${'b'.repeat(64)}` }
const foundBy = (nodeId: string): ResolvedImage => ({
  nodeId,
  replicaId: `${nodeId}-replica`,
  ...content,
  fromRegistry: true,
})

function rig() {
  const asked: string[] = []
  const pending: ((answer: ImageContent | null | Error) => void)[] = []
  let nowMs = 0
  const images = new SharedImages({ now: () => nowMs }, ({ nodeId }) => {
    asked.push(nodeId)
    return new Promise((resolve, reject) =>
      pending.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
    )
  })
  return {
    images,
    asked,
    answer: (answer: ImageContent | null | Error) => pending.shift()?.(answer),
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))
const revision = { deploymentId: 'web', revision: 2 }

test('a hundred nodes of one revision make one call', async () => {
  const { images, asked, answer } = rig()
  const all = Array.from({ length: 100 }, (_, i) => images.resolve(revision, foundBy(`node-${i}`)))
  await turn()
  expect(asked).toEqual(['node-0'])
  answer(content)
  expect(new Set(await Promise.all(all))).toEqual(new Set([content]))
  expect(await images.of(revision)).toBe(content)
  expect(asked).toHaveLength(1)
})

test('limits the number of parallel calls, whatever the number of revisions', async () => {
  const { images, asked, answer } = rig()
  const all = Array.from({ length: 20 }, (_, i) =>
    images.resolve({ deploymentId: 'web', revision: i }, foundBy(`node-${i}`)),
  )
  await turn()
  expect(asked).toHaveLength(4)
  for (let done = 0; done < 20; done++) {
    answer(content)
    await turn()
    await turn()
  }
  await Promise.all(all)
  expect(asked).toHaveLength(20)
})

test('calls again after a failure, after an answer about one replica only, and after expiry', async () => {
  const { images, asked, answer, pass } = rig()
  const first = images.resolve(revision, foundBy('node-1'))
  await turn()
  answer(new Error('the control plane did not answer'))
  await expect(first).rejects.toThrow('did not answer')
  expect(images.of(revision)).toBeNull()
  const second = images.resolve(revision, foundBy('node-2'))
  await turn()
  answer(null)
  expect(await second).toBeNull()
  const third = images.resolve(revision, foundBy('node-3'))
  await turn()
  answer(content)
  expect(await third).toBe(content)
  pass(61_000)
  expect(images.of(revision)).toBeNull()
  expect(asked).toEqual(['node-1', 'node-2', 'node-3'])
})

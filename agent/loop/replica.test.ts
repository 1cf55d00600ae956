import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Engine, EngineError, type InspectedContainer } from '@/agent/engines/engine'
import { systemClock } from '@/agent/lib/clock'
import { Slots } from '@/agent/lib/slots'
import type { ReplicaReport } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'
import { aReplica } from '@/testing/agent/builders'
import { carryOut, type Work } from './replica'

const content = { digest: `sha256:${'b'.repeat(64)}`, imageId: `sha256:${'a'.repeat(64)}` }
const replica = aReplica({ imageContent: content })

/**
 * An engine that carries out every call at once and records it. `missing`: null when the image is already there, else
 * whether a pull makes it available.
 */
function aBench({ missing = null }: { missing?: 'until pulled' | 'for ever' | null } = {}) {
  const done: string[] = []
  const reported: { status: ReplicaReport['status']; mayWaitMs: number }[] = []
  let save = () => {}
  const saved = new Promise<void>((resolve) => {
    save = resolve
  })
  const engine: Pick<Engine, 'image' | 'pull' | 'create' | 'start'> = {
    image: async () => (missing === null ? content : null),
    pull: async () => {
      done.push('pull')
      if (missing === 'until pulled') missing = null
    },
    create: async () => {
      done.push('create')
      if (missing !== null) throw new EngineError('refused', 'No such image: web', 404)
      return 'c1'
    },
    start: async () => void done.push('start'),
  }
  const running = { id: 'c1', state: 'running', health: null, ports: [], startedAt: null }
  const starts = new Slots(4)
  const work: Work = {
    nodeId: 'n1',
    engine: engine as Engine,
    clock: systemClock,
    pulls: new Slots(1),
    starts,
    stopGraceSeconds: 1,
    pullGraceMs: 1_000,
    reported: () => undefined,
    record: () => noRestarts,
    submit: async ({ status }, mayWaitMs = 0) => void reported.push({ status, mayWaitMs }),
    persist: async () => undefined,
    saved: () => saved,
    inspect: async () => running as unknown as InspectedContainer,
    keepLog: async () => undefined,
    imageOf: () => null,
    imageNews: async () => undefined,
    resolveImage: async () => content,
    sharedImage: () => null,
    pulled: async () => undefined,
  }
  const start = () =>
    carryOut(work, { kind: 'start', replicaId: replica.replicaId, replica }, new AbortController().signal)
  return { done, reported, save, starts, start }
}

test('creates a container while the desired state is being saved, and starts it only afterwards', async () => {
  const { done, save, start } = aBench()
  const started = start()
  for (let i = 0; i < 5; i++) await turn()
  expect(done).toEqual(['create'])
  save()
  await started
  expect(done).toEqual(['create', 'start'])
})

test('a report of "running" waits briefly while other starts are under way, and not at all otherwise', async () => {
  const { reported, save, starts, start } = aBench()
  save()
  await start()
  const release = await starts.acquire(new AbortController().signal)
  await start()
  release()
  const running = reported.filter(({ status }) => status === 'running')
  expect(running.map(({ mayWaitMs }) => mayWaitMs > 0)).toEqual([false, true])
})

test('pulls only a missing image, once, before it creates the container', async () => {
  const missing = aBench({ missing: 'until pulled' })
  missing.save()
  await missing.start()
  expect(missing.done).toEqual(['create', 'pull', 'create', 'start'])
  const hopeless = aBench({ missing: 'for ever' })
  hopeless.save()
  await hopeless.start()
  expect(hopeless.done).toEqual(['create', 'pull', 'create'])
  expect(hopeless.reported.at(-1)?.status).toBe('failed')
  expect(missing.starts.idle && hopeless.starts.idle).toBe(true)
})

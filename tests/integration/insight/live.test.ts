import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LiveChange } from '@/core/views/live'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
  await expect.poll(() => cp.services.changes.connected()).toBe(true)
})
afterEach(() => cp.close())

interface Event {
  id: string
  change: LiveChange
}

/** A listening page: collects events until it is closed. */
async function listen(lastEventId?: string) {
  const events: Event[] = []
  const caller = await cp.as('admin')
  const stream = (await caller.live.changes({ lastEventId }))[Symbol.asyncIterator]()
  const reading = (async () => {
    for (;;) {
      const { done, value } = await stream.next()
      if (done) return
      // A direct call yields what `tracked` made: [id, data, mark].
      const [id, change] = value as unknown as [string, LiveChange]
      events.push({ id, change })
    }
  })()
  return {
    events,
    /** Leaves out sessions, which begin with every caller of a test. */
    topics: () => events.flatMap(({ change }) => (change.topic === 'session' ? [] : change.topic)),
    lastEventId: () => events.at(-1)?.id ?? '',
    close: async () => {
      void stream.return?.()
      // The stream notices the end at its next event.
      await cp.services.store.pool.query(`select pg_notify('fogdeck', '{"topic":"token","ids":["end"]}')`)
      await reading
    },
  }
}

const deploy = async (name: string) =>
  (await (await cp.as('admin')).deployment.deploy(aDeployment({ name }))).deployment_id

test('a stream begins with hello, then sends changes with their ids', async () => {
  const page = await listen()
  await expect.poll(page.topics).toEqual(['hello'])
  const id = await deploy('seen')
  await expect.poll(() => page.events.map(({ change }) => change)).toContainEqual({ topic: 'deployment', ids: [id] })
  await page.close()
})

test('a stream that resumes sends the missed changes, without hello', async () => {
  const before = await listen()
  await deploy('before')
  await expect.poll(before.topics).toEqual(['hello', 'deployment'])
  const seen = before.lastEventId()
  await before.close()

  const first = await deploy('first')
  const second = await deploy('second')
  const received: string[] = []
  const stop = cp.services.live.subscribe(({ ids }) => received.push(...ids))
  const third = await deploy('third')
  await expect.poll(() => received).toContain(third)
  stop()

  const after = await listen(seen)
  await expect.poll(() => after.events.filter(({ change }) => change.topic === 'deployment')).toHaveLength(1)
  const reported = after.events.flatMap(({ change }) => (change.topic === 'deployment' ? change.ids : []))
  expect(reported.sort()).toEqual([first, second, third].sort())
  expect(after.topics()).not.toContain('hello')
  expect(after.lastEventId()).toBe(cp.services.live.cursor)
  await after.close()
})

test('resuming from an event of a process that has ended gives hello', async () => {
  const page = await listen('00000000:12')
  await expect.poll(page.topics).toEqual(['hello'])
  await page.close()
})

test('heartbeats of many nodes are one event', async () => {
  const agent = new FakeAgent(cp)
  await agent.join(...Array.from({ length: 300 }, (_, i) => ({ name: `many-${i}` })))
  const page = await listen()
  await expect.poll(page.topics).toContain('hello')
  await agent.heartbeat()
  await expect.poll(() => page.events.at(-1)?.change).toEqual({ topic: 'node', ids: [] })
  await page.close()
})

test('a node that goes offline or returns is an event of the deployments with replicas on it', async () => {
  const agent = await new FakeAgent(cp).join({ name: 'node-01' })
  const here = await deploy('here')
  await cp.schedule()
  await agent.obey()
  await deploy('elsewhere')
  const page = await listen()
  const seenOf = () => page.events.flatMap(({ change }) => (change.topic === 'deployment' ? [change.ids] : []))
  await cp.sql(`update nodes set last_heartbeat = now() - interval '1 hour'`)
  expect(await markUnreachableNodes(cp.store, cp.epoch)).toHaveLength(1)
  await expect.poll(seenOf).toEqual([[here]])
  await agent.heartbeat()
  await expect.poll(seenOf).toEqual([[here], [here]])
  await page.close()
})

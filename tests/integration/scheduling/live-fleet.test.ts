import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { JournalNode, JournalState } from '@/core/journal'
import { LiveFleet } from '@/server/api/stream/live-fleet'
import { FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent
let fleet: LiveFleet
beforeEach(async () => {
  cp = await testControlPlane()
  agent = await new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' })
  await vi.waitFor(() => expect(cp.services.changes.connected()).toBe(true))
  fleet = new LiveFleet(cp.services, { keepsWarm: false })
})
afterEach(async () => {
  fleet.close()
  await cp.close()
})

const named = (state: JournalState, name: string): JournalNode | undefined =>
  state.nodes.find((node) => node?.nodeId === name) ?? undefined

test('the fleet of previews follows notifications, and reads only what changed', async () => {
  // The notification of the join has arrived once a later one has.
  const admin = await cp.as('admin')
  await admin.node.cordon({ id: agent.id('node-01'), cordoned: true })
  const first = await fleet.current()
  expect(named(first, 'node-01')?.cordoned).toBe(true)
  await vi.waitFor(async () => {
    const [before, after] = [await fleet.current(), await fleet.current()]
    expect(named(after, 'node-01')).toBe(named(before, 'node-01'))
  })
  const settled = await fleet.current()

  await admin.node.cordon({ id: agent.id('node-01'), cordoned: false })
  await vi.waitFor(async () => expect(named(await fleet.current(), 'node-01')?.cordoned).toBe(false))
  // The same object, so it was not read again. A fleet that was returned earlier does not change.
  expect(named(await fleet.current(), 'node-02')).toBe(named(settled, 'node-02'))
  expect(named(settled, 'node-01')?.cordoned).toBe(true)
})

test('a caller during a read never gets a fleet that misses what that read missed', async () => {
  const early = fleet.current()
  await new FakeAgent(cp).join({ name: 'node-03' })
  await vi.waitFor(async () => expect(named(await fleet.current(), 'node-03')).toBeDefined())
  const [one, other] = await Promise.all([fleet.current(), fleet.current()])
  expect(named(one, 'node-03')).toBeDefined()
  expect(named(other, 'node-03')).toBeDefined()
  expect(named(await early, 'node-01')).toBeDefined()
})

test('after a failed read the next one catches up', async () => {
  await fleet.current()
  const read = vi.spyOn(cp.store.pool, 'query').mockImplementationOnce(() => {
    throw new Error('the connection broke')
  })
  fleet.invalidate()
  await expect(fleet.current()).rejects.toThrow('the connection broke')
  read.mockRestore()
  expect(named(await fleet.current(), 'node-02')?.nodeId).toBe('node-02')
})

test('the fleet keeps itself up to date while it is in use', async () => {
  const warm = new LiveFleet(cp.services)
  try {
    const before = await warm.current()
    const { id } = named(before, 'node-01') ?? { id: '' }
    await (await cp.as('admin')).node.cordon({ id, cordoned: true })
    // Nothing else asks the database for nodes by their ids.
    const query = vi.spyOn(cp.store.pool, 'query')
    await vi.waitFor(
      () => expect(query.mock.calls.map(([asked]) => (asked as { name?: string }).name)).toContain('load-some-nodes'),
      10_000,
    )
    query.mockRestore()
    expect(named(await warm.current(), 'node-01')?.cordoned).toBe(true)
  } finally {
    warm.close()
  }
})

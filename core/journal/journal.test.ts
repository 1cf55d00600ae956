import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aNode } from '@/testing/builders'
import { difference, fleetSeenFrom, type JournalEntry, type JournalNode, type JournalState, rebuild } from './index'

function aJournalNode(overrides: Parameters<typeof aNode>[0] & { lastHeartbeatMs?: number | null } = {}): JournalNode {
  const { lastHeartbeatMs = 1_000_000, ...rest } = overrides
  const { heartbeatAgeMs: _, ownReplicas: __, takenPorts: ___, ...node } = aNode(rest)
  return { ...node, lastHeartbeatMs }
}

const aState = (nodes: (JournalNode | null)[]): JournalState => ({ nodes, latencies: [] })
/** A node that came and went between two entries leaves no gap behind, which makes no difference. */
const withoutGaps = (state: JournalState) => ({ ...state, nodes: state.nodes.filter((node) => node !== null) })

describe('a difference', () => {
  test('between equal states is null', () => {
    const state = aState([aJournalNode()])
    expect(difference(state, aState([aJournalNode()]), [0])).toBeNull()
  })

  test('of heartbeats is a few columns, whatever else a node has', () => {
    const before = aState(
      Array.from({ length: 50 }, (_, i) => aJournalNode({ nodeId: `node-${i}`, labels: { a: 'long text' } })),
    )
    const after = aState(
      before.nodes.map(
        (node) => node && { ...node, cpuUsagePercent: (node.cpuUsagePercent ?? 0) + 2.5, lastHeartbeatMs: 1_005_000 },
      ),
    )
    expect(difference(before, after, [40, 3, 4])).toEqual({
      kind: 'delta',
      put: [],
      places: [3, 4, 40],
      steps: { lastHeartbeatMs: [5, 5, 5], cpuUsagePercent: [25, 25, 25] },
    })
  })

  test('keeps a number between two steps exactly', () => {
    const before = aState([aJournalNode({ nodeId: 'node-0' })])
    const [node] = before.nodes
    const after = aState([node ? { ...node, cpuUsagePercent: 12.34 } : null])
    const delta = difference(before, after, [0])
    expect(delta).toMatchObject({ places: [], put: [[0, { cpuUsagePercent: 12.34 }]] })
    expect(rebuild([{ kind: 'snapshot', ...before }, ...(delta ? [delta] : [])])).toEqual(after)
  })

  test('without a preceding snapshot is refused', () => {
    expect(() => rebuild([{ kind: 'delta', places: [], steps: {}, put: [] }])).toThrow('snapshot')
  })

  test('of an older journal without steps is still understood', () => {
    const state = aState([aJournalNode({ nodeId: 'node-0' }), aJournalNode({ nodeId: 'node-1' })])
    const { nodes } = rebuild([
      { kind: 'snapshot', ...state },
      {
        kind: 'delta',
        put: [],
        numbers: { cpuUsagePercent: { at: [0, 1], to: [12.5, null] }, 'reserved.memoryMb': { at: [1], to: [512] } },
      },
    ])
    expect(nodes.map((node) => [node?.cpuUsagePercent, node?.reserved.memoryMb])).toEqual([
      [12.5, 0],
      [null, 512],
    ])
    expect(state.nodes[0]?.cpuUsagePercent).toBe(0)
  })
})

test('every state can be rebuilt from a journal of random changes', () => {
  const cases = { put: 0, numbers: 0, gone: 0, snapshots: 0 }
  const change = fc.record({
    place: fc.nat(9),
    what: fc.constantFrom('usage', 'reserve', 'cordon', 'label', 'port', 'remove', 'add', 'latency', 'silence'),
    amount: fc.nat(1000),
    snapshot: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
      (rounds) => {
        let state = aState([aJournalNode({ nodeId: 'node-0' }), aJournalNode({ nodeId: 'node-1' })])
        const entries: JournalEntry[] = [{ kind: 'snapshot', ...state }]
        for (const changes of rounds) {
          const nodes = [...state.nodes]
          let latencies = state.latencies
          const touched = new Set<number>()
          for (const { place, what, amount } of changes) {
            const node = nodes[place]
            if (what === 'latency') latencies = [{ fromRegion: 'a', toRegion: 'b', latencyMs: amount }]
            else if (what === 'add') {
              touched.add(nodes.length)
              nodes.push(aJournalNode({ nodeId: `node-${nodes.length}` }))
            } else if (node) {
              touched.add(place)
              if (what === 'usage')
                nodes[place] = { ...node, cpuUsagePercent: amount / 10, lastHeartbeatMs: 1_000_000 + 1_000 * amount }
              if (what === 'silence') nodes[place] = { ...node, cpuUsagePercent: null, status: 'offline' }
              if (what === 'reserve')
                nodes[place] = {
                  ...node,
                  reserved: { ...node.reserved, memoryMb: amount },
                  unseen: { cpuMillis: amount, memoryMb: 0 },
                }
              if (what === 'cordon') nodes[place] = { ...node, cordoned: amount % 2 === 0 }
              if (what === 'label') nodes[place] = { ...node, labels: { rack: String(amount) } }
              if (what === 'remove') nodes[place] = null
              if (what === 'port')
                nodes[place] = { ...node, takenPorts: [{ port: amount + 1, holder: null, seenAtMs: 1_000 * amount }] }
            }
          }
          const after = { nodes, latencies }
          const entry: JournalEntry | null = changes[0]?.snapshot
            ? { kind: 'snapshot', ...after }
            : difference(state, after, touched)
          if (entry) entries.push(entry)
          const rebuilt = rebuild(entries)
          if (entry?.kind === 'snapshot') cases.snapshots++
          if (entry?.kind === 'delta') {
            cases.put += entry.put.length
            cases.gone += entry.put.filter(([, node]) => node === null).length
            cases.numbers += Object.keys(entry.steps).length
          }
          expect(withoutGaps(rebuilt)).toEqual(withoutGaps(after))
          for (const [place, node] of after.nodes.entries()) expect(rebuilt.nodes[place] ?? null).toEqual(node)
          state = after
        }
      },
    ),
    { numRuns: 500 },
  )
  for (const count of Object.values(cases)) expect(count).toBeGreaterThan(50)
})

test('the fleet of a decision includes earlier placements of the batch, own replicas and heartbeat ages', () => {
  const state = aState([
    aJournalNode({ nodeId: 'node-01', lastHeartbeatMs: 5_000 }),
    null,
    aJournalNode({ nodeId: 'node-02', lastHeartbeatMs: null }),
  ])
  const [first] = state.nodes
  const resources = { cpuMillis: 500, memoryMb: 512, storageGb: 1, gpuUnits: 0 }
  const holder = { deploymentId: 'web', name: 'web' }
  const earlier = [
    { nodeIds: [first?.id ?? ''], resources, hostPorts: [8080], holder },
    { nodeIds: [first?.id ?? ''], resources, hostPorts: [], holder },
  ]
  const own = new Map([[first?.id ?? '', 2]])
  const { nodes } = fleetSeenFrom(state, { atMs: 7_500, earlier, own, handover: null })
  expect(nodes.map((node) => [node.nodeId, node.heartbeatAgeMs, node.ownReplicas])).toEqual([
    ['node-01', 2_500, 2],
    ['node-02', null, 0],
  ])
  expect(nodes[0]).toMatchObject({
    reserved: { cpuMillis: 1000, memoryMb: 1024, storageGb: 2, gpuUnits: 0 },
    unseen: { cpuMillis: 1000, memoryMb: 1024 },
  })
  expect(first?.reserved.cpuMillis).toBe(0)
  expect(nodes.map((node) => node.takenPorts)).toEqual([[{ port: 8080, holder, seenAgeMs: null }], undefined])
})

test('the fleet of a decision has the ages of taken ports, and no resources or ports that are handed over', () => {
  const ours = { deploymentId: 'web', name: 'web' }
  const node = {
    ...aJournalNode({ status: 'busy', reserved: { cpuMillis: 4_000, memoryMb: 8_192, storageGb: 20, gpuUnits: 0 } }),
    takenPorts: [
      { port: 80, holder: null, seenAtMs: 2_500 },
      { port: 8080, holder: ours, seenAtMs: null },
    ],
  }
  const state = aState([node])
  const at = { atMs: 7_500, earlier: [], own: new Map() }
  const other = { port: 80, holder: null, seenAgeMs: 5_000 }
  expect(fleetSeenFrom(state, { ...at, handover: null }).nodes[0]).toMatchObject({
    status: 'busy',
    takenPorts: [other, { port: 8080, holder: ours, seenAgeMs: null }],
  })
  const resources = { cpuMillis: 1_000, memoryMb: 1_024, storageGb: 10, gpuUnits: 0 }
  const handover = { nodeId: node.id, resources, hostPorts: [8080] }
  expect(fleetSeenFrom(state, { ...at, handover }).nodes[0]).toMatchObject({
    status: 'active',
    reserved: { cpuMillis: 3_000, memoryMb: 7_168, storageGb: 10, gpuUnits: 0 },
    takenPorts: [other],
  })
  expect(fleetSeenFrom(state, { ...at, handover: { ...handover, nodeId: 'another' } }).nodes[0]?.status).toBe('busy')
})

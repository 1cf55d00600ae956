import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { difference, type JournalNode, type JournalState } from '@/core/journal'
import { aNode } from '@/testing/builders'
import { decodeEntry, encodeEntry } from './codec'
import { ByteReader, ByteWriter } from './varint'

const node = fc
  .record({
    name: fc.nat(99),
    cordoned: fc.boolean(),
    labels: fc.dictionary(fc.constantFrom('rack', 'zone'), fc.constantFrom('a', 'b', 'ü')),
    lastHeartbeatMs: fc.oneof(
      fc.constant(null),
      fc.nat(2 ** 31),
      fc.nat(2 ** 31).map((seconds) => seconds * 1000),
    ),
    cpu: fc.oneof(
      fc.constant(null),
      fc.nat(1000).map((tenths) => tenths / 10),
      fc.double({ min: 0, max: 100, noNaN: true }),
    ),
    memory: fc.oneof(
      fc.constant(null),
      fc.nat(1000).map((tenths) => tenths / 10),
    ),
    reserved: fc.nat(2 ** 31),
    isForeign: fc.integer({ min: 0, max: 20 }).map((chance) => chance === 0),
  })
  .map((some): JournalNode => {
    const {
      heartbeatAgeMs: _,
      ownReplicas: __,
      takenPorts: ___,
      ...rest
    } = aNode({
      nodeId: `node-${some.name}`,
      cordoned: some.cordoned,
      labels: some.labels,
      cpuUsagePercent: some.cpu,
      memoryUsagePercent: some.memory,
      reserved: { cpuMillis: some.reserved, memoryMb: some.reserved % 977, storageGb: 0, gpuUnits: some.reserved % 3 },
      unseen: { cpuMillis: some.reserved % 7, memoryMb: 0 },
    })
    return { ...rest, id: some.isForeign ? 'no-uuid' : rest.id, lastHeartbeatMs: some.lastHeartbeatMs }
  })
const state: fc.Arbitrary<JournalState> = fc.record({
  nodes: fc.array(fc.oneof({ weight: 8, arbitrary: node }, { weight: 1, arbitrary: fc.constant(null) }), {
    maxLength: 30,
  }),
  latencies: fc.array(fc.constant({ fromRegion: 'a', toRegion: 'b', latencyMs: 12.5 }), { maxLength: 1 }),
})

test('snapshots of any fleet come back to the last bit', async () => {
  const cases = { gaps: 0, columns: 0, odd: 0 }
  await fc.assert(
    fc.asyncProperty(state, async (fleet) => {
      const entry = { kind: 'snapshot', ...fleet } as const
      const bytes = await encodeEntry(entry)
      expect(await decodeEntry(bytes)).toEqual(entry)
      for (const one of fleet.nodes) {
        if (one === null) cases.gaps++
        else if (one.id === 'no-uuid' || !Number.isInteger((one.cpuUsagePercent ?? 0) * 10)) cases.odd++
        else cases.columns++
      }
    }),
    { numRuns: 100 },
  )
  for (const count of Object.values(cases)) expect(count).toBeGreaterThan(20)
})

test('differences between any two fleets come back to the last bit', async () => {
  let steps = 0
  await fc.assert(
    fc.asyncProperty(state, state, async (before, other) => {
      // The same nodes with other numbers, besides nodes that came and went.
      const nodes = [...other.nodes]
      for (const [place, old] of before.nodes.entries()) {
        const reserved = { cpuMillis: place, memoryMb: 7 * place, storageGb: 0, gpuUnits: 0 }
        if (old && place % 3 > 0)
          nodes[place] = { ...old, memoryUsagePercent: old.memoryUsagePercent && 33.3, reserved }
      }
      const places = Array.from({ length: Math.max(nodes.length, before.nodes.length) }, (_, place) => place)
      const entry = difference(before, { ...other, nodes }, places)
      if (entry === null) return
      steps += entry.places.length
      expect(await decodeEntry(await encodeEntry(entry))).toEqual(entry)
    }),
    { numRuns: 100 },
  )
  expect(steps).toBeGreaterThan(100)
})

test('an entry from before the bytes is still read', async () => {
  const entry = { kind: 'delta', put: [], numbers: { cpuUsagePercent: { at: [3], to: [12.5] } } }
  expect(await decodeEntry(deflateRawSync(JSON.stringify(entry)))).toEqual(entry)
})

test('two thousand heartbeats take less than two bytes each', async () => {
  const before = Array.from({ length: 10_000 }, (_, i): JournalNode => {
    const {
      heartbeatAgeMs: _a,
      ownReplicas: _o,
      takenPorts: _p,
      ...rest
    } = aNode({ nodeId: `node-${i}`, cpuUsagePercent: i % 40 })
    return { ...rest, lastHeartbeatMs: 1_000_000 }
  })
  const places = before.flatMap((_, i) => ((i * 7919) % 5 === 0 ? [i] : []))
  const after = [...before]
  for (const place of places) {
    const old = before[place]
    if (old)
      after[place] = {
        ...old,
        lastHeartbeatMs: 1_005_000,
        cpuUsagePercent: (10 * (old.cpuUsagePercent ?? 0) + ((place * 31) % 17)) / 10,
      }
  }
  const entry = difference({ nodes: before, latencies: [] }, { nodes: after, latencies: [] }, places)
  if (entry === null) throw new Error('there is a difference')
  expect(entry.places).toHaveLength(2_000)
  expect((await encodeEntry(entry)).length).toBeLessThan(4_000)
})

test('whole numbers of any size come back, and cut bytes are noticed', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), fc.array(fc.integer()), (wholes, signed) => {
      const writer = new ByteWriter()
      for (const value of wholes) writer.whole(value)
      for (const value of signed) writer.signed(value)
      const reader = new ByteReader(writer.bytes())
      expect(wholes.map(() => reader.whole())).toEqual(wholes)
      expect(signed.map(() => reader.signed())).toEqual(signed)
      expect(reader.ended).toBe(true)
    }),
  )
  expect(() => new ByteReader(new Uint8Array([0x80])).whole()).toThrow('end')
  expect(() => new ByteReader(new Uint8Array([1])).take(2)).toThrow('end')
})

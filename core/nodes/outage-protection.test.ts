import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heldIfOffline, type JudgedPulse, judgeOutages, outageMessage, type RegionPulse } from './outage-protection'

const aRegion = (overrides: Partial<RegionPulse> = {}): RegionPulse => ({
  region: 'eu-west',
  online: 10,
  offline: overrides.fresh ?? overrides.protection?.offline ?? 0,
  fresh: 0,
  protection: null,
  ...overrides,
})
/** A region with so many online nodes that no fleet-wide rule applies. */
const elsewhere = aRegion({ region: 'us-east', online: 100 })

test('protects a region when more than half of it went offline within a minute', () => {
  const pulses = [aRegion({ online: 20, fresh: 40 }), elsewhere]
  expect(judgeOutages(pulses)).toEqual({ engage: [{ region: 'eu-west', cause: 'region' }], release: [] })
})

test('does not protect a region when exactly half of it went offline', () => {
  expect(judgeOutages([aRegion({ online: 20, fresh: 20 }), elsewhere])).toEqual({ engage: [], release: [] })
})

test('does not protect a region of one or two nodes', () => {
  for (const fresh of [1, 2])
    expect(judgeOutages([aRegion({ online: 0, fresh }), elsewhere])).toEqual({ engage: [], release: [] })
  expect(judgeOutages([aRegion({ online: 0, fresh: 3 }), elsewhere]).engage).toHaveLength(1)
})

test('does not protect two of three nodes of a whole fleet: the third proves that the network works', () => {
  expect(judgeOutages([aRegion({ online: 1, fresh: 2 })])).toEqual({ engage: [], release: [] })
})

test('protects every region while no node is online, however small the fleet and however old the outage', () => {
  expect(judgeOutages([aRegion({ online: 0, offline: 1 })]).engage).toEqual([{ region: 'eu-west', cause: 'fleet' }])
  const held = aRegion({ online: 0, offline: 1, protection: { cause: 'fleet', offline: 0 } })
  expect(judgeOutages([held])).toEqual({ engage: [], release: [] })
})

test('ignores nodes that have been offline for longer than the outage', () => {
  expect(judgeOutages([aRegion({ online: 10, offline: 30, fresh: 2 }), elsewhere]).engage).toEqual([])
  expect(judgeOutages([aRegion({ online: 2, offline: 8, fresh: 4 }), elsewhere]).engage).toHaveLength(1)
})

test('an outage of most of the fleet protects every affected region, and no other', () => {
  const pulses = [
    aRegion({ region: 'a', online: 5, fresh: 5 }),
    aRegion({ region: 'b', online: 3, fresh: 7 }),
    aRegion({ region: 'c', online: 2, offline: 1 }),
  ]
  expect(judgeOutages(pulses).engage).toEqual([
    { region: 'a', cause: 'fleet' },
    { region: 'b', cause: 'region' },
  ])
})

test('ends once no more than half of the region is offline, and not before', () => {
  const held = (online: number, offline: number) =>
    judgeOutages([aRegion({ online, offline, protection: { cause: 'region', offline } }), elsewhere]).release
  expect(held(29, 31)).toEqual([])
  expect(held(30, 30)).toEqual(['eu-west'])
  expect(held(0, 0), 'a region whose nodes were removed').toEqual(['eu-west'])
})

test('a region guarded because of the fleet is released with the fleet', () => {
  const region = (online: number) => aRegion({ online, offline: 4, protection: { cause: 'fleet', offline: 4 } })
  const other = (online: number, offline: number) =>
    aRegion({ region: 'b', online, offline, protection: { cause: 'fleet', offline } })
  expect(judgeOutages([region(5), other(1, 5)]).release).toEqual([])
  expect(judgeOutages([region(5), other(6, 0)]).release).toEqual(['eu-west', 'b'])
})

test('does not release what it has just guarded', () => {
  const size = fc.nat({ max: 6 })
  const region = fc.record({ online: size, fresh: size, old: size })
  let engaged = 0
  fc.assert(
    fc.property(fc.array(region, { minLength: 1, maxLength: 4 }), (parts) => {
      const pulses = parts.map(({ online, fresh, old }, i) =>
        aRegion({ region: `r${i}`, online, fresh, offline: fresh + old }),
      )
      const { engage } = judgeOutages(pulses)
      engaged += engage.length
      const next = pulses.map((pulse) => {
        const cause = engage.find(({ region }) => region === pulse.region)?.cause
        return cause ? { ...pulse, protection: { cause, offline: pulse.fresh } } : pulse
      })
      expect(judgeOutages(next)).toEqual({ engage: [], release: [] })
    }),
    { numRuns: 2_000, seed: 7 },
  )
  expect(engaged).toBeGreaterThan(100)
})

test('the message names the offline nodes and the region', () => {
  expect(outageMessage({ region: 'eu', offline: 40, nodes: 60 })).toBe('40 of 60 nodes of eu are offline')
  expect(outageMessage({ region: 'eu', offline: 1, nodes: 1 })).toBe('The only node of eu is offline')
})

describe('what would be guarded if nodes went offline', () => {
  const pulse = (overrides: Partial<JudgedPulse> = {}): JudgedPulse => ({
    ...aRegion(),
    overridden: false,
    ...overrides,
  })
  const held = (pulses: JudgedPulse[], unreachable: Record<string, number>) =>
    heldIfOffline(pulses, new Map(Object.entries(unreachable))).map(({ region }) => region)

  test('is a region with more than half of its nodes offline, and at least three', () => {
    const here = pulse({ region: 'here', online: 5, offline: 0, fresh: 0 })
    const far = pulse({ region: 'far', online: 50, offline: 0, fresh: 0 })
    expect(heldIfOffline([here, far], new Map([['here', 3]]))).toEqual([
      { region: 'here', cause: 'region', offline: 3, nodes: 5 },
    ])
    expect(held([here, far], { here: 2 })).toEqual([])
    expect(held([pulse({ region: 'small', online: 2, offline: 0, fresh: 0 }), far], { small: 2 })).toEqual([])
  })

  test('is every affected region when more than half of the fleet would be offline', () => {
    const regions = ['a', 'b', 'c'].map((region) => pulse({ region, online: 4, offline: 0, fresh: 0 }))
    expect(held(regions, { a: 4, b: 2, c: 1 })).toEqual(['a', 'b', 'c'])
  })

  test('is not a region whose protection was overridden', () => {
    const protection = { cause: 'region', offline: 3 } as const
    const far = pulse({ region: 'far', online: 50, offline: 0, fresh: 0 })
    const open = pulse({ region: 'here', online: 2, offline: 3, fresh: 0, protection })
    expect(held([open, far], { here: 1 })).toEqual(['here'])
    expect(held([{ ...open, overridden: true }, far], { here: 1 })).toEqual([])
  })
})

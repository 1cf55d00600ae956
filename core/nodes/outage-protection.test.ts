import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { heldIfOffline, type JudgedPulse, judgeOutages, outageMessage, type RegionPulse } from './outage-protection'

const aRegion = (overrides: Partial<RegionPulse> = {}): RegionPulse => ({
  region: 'eu-west',
  heard: 10,
  silent: overrides.fresh ?? overrides.protection?.silent ?? 0,
  fresh: 0,
  protection: null,
  ...overrides,
})
/** A region with so many online nodes that no fleet-wide rule applies. */
const elsewhere = aRegion({ region: 'us-east', heard: 100 })

test('protects a region when more than half of it went offline within a minute', () => {
  const pulses = [aRegion({ heard: 20, fresh: 40 }), elsewhere]
  expect(judgeOutages(pulses)).toEqual({ engage: [{ region: 'eu-west', cause: 'region' }], release: [] })
})

test('does not protect a region when exactly half of it went offline', () => {
  expect(judgeOutages([aRegion({ heard: 20, fresh: 20 }), elsewhere])).toEqual({ engage: [], release: [] })
})

test('does not protect a region of one or two nodes', () => {
  for (const fresh of [1, 2])
    expect(judgeOutages([aRegion({ heard: 0, fresh }), elsewhere])).toEqual({ engage: [], release: [] })
  expect(judgeOutages([aRegion({ heard: 0, fresh: 3 }), elsewhere]).engage).toHaveLength(1)
})

test('does not protect two of three nodes of a whole fleet: the third proves that the network works', () => {
  expect(judgeOutages([aRegion({ heard: 1, fresh: 2 })])).toEqual({ engage: [], release: [] })
})

test('protects every region while no node is online, however small the fleet and however old the outage', () => {
  expect(judgeOutages([aRegion({ heard: 0, silent: 1 })]).engage).toEqual([{ region: 'eu-west', cause: 'fleet' }])
  const held = aRegion({ heard: 0, silent: 1, protection: { cause: 'fleet', silent: 0 } })
  expect(judgeOutages([held])).toEqual({ engage: [], release: [] })
})

test('ignores nodes that have been offline for longer than the outage', () => {
  expect(judgeOutages([aRegion({ heard: 10, silent: 30, fresh: 2 }), elsewhere]).engage).toEqual([])
  expect(judgeOutages([aRegion({ heard: 2, silent: 8, fresh: 4 }), elsewhere]).engage).toHaveLength(1)
})

test('an outage of most of the fleet protects every affected region, and no other', () => {
  const pulses = [
    aRegion({ region: 'a', heard: 5, fresh: 5 }),
    aRegion({ region: 'b', heard: 3, fresh: 7 }),
    aRegion({ region: 'c', heard: 2, silent: 1 }),
  ]
  expect(judgeOutages(pulses).engage).toEqual([
    { region: 'a', cause: 'fleet' },
    { region: 'b', cause: 'region' },
  ])
})

test('ends once no more than half of the region is offline, and not before', () => {
  const held = (heard: number, silent: number) =>
    judgeOutages([aRegion({ heard, silent, protection: { cause: 'region', silent } }), elsewhere]).release
  expect(held(29, 31)).toEqual([])
  expect(held(30, 30)).toEqual(['eu-west'])
  expect(held(0, 0), 'a region whose nodes were removed').toEqual(['eu-west'])
})

test('a region protected because of the fleet is released with the fleet', () => {
  const region = (heard: number) => aRegion({ heard, silent: 4, protection: { cause: 'fleet', silent: 4 } })
  const other = (heard: number, silent: number) =>
    aRegion({ region: 'b', heard, silent, protection: { cause: 'fleet', silent } })
  expect(judgeOutages([region(5), other(1, 5)]).release).toEqual([])
  expect(judgeOutages([region(5), other(6, 0)]).release).toEqual(['eu-west', 'b'])
})

test('does not release what it has just protected', () => {
  const size = fc.nat({ max: 6 })
  const region = fc.record({ heard: size, fresh: size, old: size })
  let engaged = 0
  fc.assert(
    fc.property(fc.array(region, { minLength: 1, maxLength: 4 }), (parts) => {
      const pulses = parts.map(({ heard, fresh, old }, i) =>
        aRegion({ region: `r${i}`, heard, fresh, silent: fresh + old }),
      )
      const { engage } = judgeOutages(pulses)
      engaged += engage.length
      const next = pulses.map((pulse) => {
        const cause = engage.find(({ region }) => region === pulse.region)?.cause
        return cause ? { ...pulse, protection: { cause, silent: pulse.fresh } } : pulse
      })
      expect(judgeOutages(next)).toEqual({ engage: [], release: [] })
    }),
    { numRuns: 2_000, seed: 7 },
  )
  expect(engaged).toBeGreaterThan(100)
})

test('the message names the offline nodes and the region', () => {
  expect(outageMessage({ region: 'eu', silent: 40, nodes: 60 })).toBe('40 of 60 nodes of eu are offline')
  expect(outageMessage({ region: 'eu', silent: 1, nodes: 1 })).toBe('The only node of eu is offline')
})

describe('what would be protected if nodes went offline', () => {
  const pulse = (overrides: Partial<JudgedPulse> = {}): JudgedPulse => ({
    ...aRegion(),
    overruled: false,
    ...overrides,
  })
  const held = (pulses: JudgedPulse[], unreachable: Record<string, number>) =>
    heldIfOffline(pulses, new Map(Object.entries(unreachable))).map(({ region }) => region)

  test('is a region with more than half of its nodes offline, and at least three', () => {
    const here = pulse({ region: 'here', heard: 5, silent: 0, fresh: 0 })
    const far = pulse({ region: 'far', heard: 50, silent: 0, fresh: 0 })
    expect(heldIfOffline([here, far], new Map([['here', 3]]))).toEqual([
      { region: 'here', cause: 'region', silent: 3, nodes: 5 },
    ])
    expect(held([here, far], { here: 2 })).toEqual([])
    expect(held([pulse({ region: 'small', heard: 2, silent: 0, fresh: 0 }), far], { small: 2 })).toEqual([])
  })

  test('is every affected region when more than half of the fleet would be offline', () => {
    const regions = ['a', 'b', 'c'].map((region) => pulse({ region, heard: 4, silent: 0, fresh: 0 }))
    expect(held(regions, { a: 4, b: 2, c: 1 })).toEqual(['a', 'b', 'c'])
  })

  test('is not a region whose protection was overridden', () => {
    const protection = { cause: 'region', silent: 3 } as const
    const far = pulse({ region: 'far', heard: 50, silent: 0, fresh: 0 })
    const open = pulse({ region: 'here', heard: 2, silent: 3, fresh: 0, protection })
    expect(held([open, far], { here: 1 })).toEqual(['here'])
    expect(held([{ ...open, overruled: true }, far], { here: 1 })).toEqual([])
  })
})

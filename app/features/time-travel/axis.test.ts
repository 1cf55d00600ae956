import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildAxis } from './axis'

const second = 1000
const day = 86_400 * second

describe('an axis', () => {
  test('without long pauses is a plain scale', () => {
    const axis = buildAxis({ times: [2 * second, 5 * second], from: 0, to: 10 * second })
    expect(axis.breaks).toEqual([])
    expect(axis.position(0)).toBe(0)
    expect(axis.position(5 * second)).toBeCloseTo(50)
    expect(axis.position(10 * second)).toBe(100)
  })

  test('keeps a start of eight seconds readable next to five days of running', () => {
    const axis = buildAxis({ times: [1, 3, 8].map((at) => at * second), from: 0, to: 5 * day })
    expect(axis.breaks).toHaveLength(1)
    expect(axis.position(8 * second)).toBeGreaterThan(80)
    expect(axis.position(3 * second) / axis.position(8 * second)).toBeCloseTo(3 / 8)
  })

  test('shortens each of several pauses', () => {
    const burst = (at: number) => [at, at + 2 * second, at + 6 * second]
    const axis = buildAxis({ times: [...burst(0), ...burst(2 * day), ...burst(5 * day)], from: 0, to: 9 * day })
    expect(axis.breaks.map(({ from, to }) => Math.round((to - from) / day))).toEqual([2, 3, 4])
  })

  test('does not shorten a pause that spans the whole record', () => {
    const axis = buildAxis({ times: [], from: 0, to: 3 * day })
    expect(axis.breaks).toEqual([])
    expect(axis.position(1.5 * day)).toBeCloseTo(50)
  })

  test('keeps ticks far enough apart for their labels', () => {
    const { ticks } = buildAxis({ times: [], from: 1_700_000_000_000, to: 1_700_000_047_000, tickEveryPercent: 20 })
    expect(ticks.length).toBeGreaterThan(1)
    ticks.slice(1).forEach((tick, index) => {
      expect(tick.position - (ticks[index]?.position ?? 0)).toBeGreaterThanOrEqual(20)
    })
  })
})

test('positions never decrease with time and stay within 0 and 100', () => {
  let withBreaks = 0
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 30 * day }), { maxLength: 30 }),
      fc.integer({ min: 1, max: 40 * day }),
      (times, to) => {
        const axis = buildAxis({ times, from: 0, to })
        if (axis.breaks.length > 0) withBreaks += 1
        let before = 0
        for (const at of [0, ...times.filter((time) => time <= to).sort((a, b) => a - b), to]) {
          const position = axis.position(at)
          expect(position).toBeGreaterThanOrEqual(before - 1e-9)
          expect(position).toBeLessThanOrEqual(100)
          // The inverse holds except where a whole stretch is drawn in one point.
          expect(axis.position(axis.moment(position))).toBeCloseTo(position, 1)
          before = position
        }
        expect(axis.position(to)).toBeCloseTo(100)
      },
    ),
  )
  expect(withBreaks).toBeGreaterThan(0)
})

import { describe, expect, test } from 'vitest'
import { afterRun, newerRecord, noRestarts, type RestartRecord, restartDelayMs } from './restart'

/** Returns up to `times` delays of a container whose runs all last `ranMs`; the last is null if it is given up. */
function pauses(ranMs: number, times: number, from: Partial<RestartRecord> = {}): (number | null)[] {
  const found: (number | null)[] = []
  let record: RestartRecord = { ...noRestarts, ...from }
  for (let run = 0; run < times && found.at(-1) !== null; run++) {
    record = afterRun(record, { ranMs, byCheck: false })
    found.push(restartDelayMs(record))
    record = { ...record, restarts: record.restarts + 1, inARow: record.inARow + 1 }
  }
  return found
}

describe('the delay before a restart', () => {
  test('doubles from one second; after five restarts a replica that was never well is given up', () => {
    expect(pauses(5_000, 20)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, null])
  })

  test('stays at five minutes for a replica that was well once', () => {
    const found = pauses(5_000, 400, { wasWell: true })
    expect(found.slice(0, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000))
    expect(found).toHaveLength(400)
  })

  test('starts over after a run of ten minutes', () => {
    expect(pauses(600_000, 3)).toEqual([1_000, 1_000, 1_000])
    expect(pauses(599_999, 3)).toEqual([1_000, 2_000, 4_000])
  })
})

describe('a replica', () => {
  test('is well once it has run for a minute', () => {
    expect(afterRun(noRestarts, { ranMs: 59_999, byCheck: false }).wasWell).toBe(false)
    expect(afterRun(noRestarts, { ranMs: 60_000, byCheck: false }).wasWell).toBe(true)
  })

  test('is not well if its health check never passed', () => {
    expect(afterRun(noRestarts, { ranMs: 90_000, byCheck: true }).wasWell).toBe(false)
  })

  test('that was well once always counts as well', () => {
    expect(afterRun({ ...noRestarts, wasWell: true }, { ranMs: 1, byCheck: true }).wasWell).toBe(true)
  })
})

test('merging two records takes the one with more interruptions, and keeps `wasWell` from either', () => {
  const [older, newer] = [
    { interruptions: 2, restarts: 2, inARow: 2, wasWell: true },
    { interruptions: 7, restarts: 6, inARow: 1, wasWell: false },
  ]
  expect(newerRecord(older, newer)).toEqual({ ...newer, wasWell: true })
  expect(newerRecord(newer, older)).toEqual({ ...newer, wasWell: true })
})

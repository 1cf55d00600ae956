import { describe, expect, test } from 'vitest'
import { afterRun, newerRecord, noRestarts, type RestartRecord, restartDelayMs } from './restart'

/** The pauses of a container of which each run lasts so long, until it is given up or `times` are there. */
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

describe('the pause before a restart', () => {
  test('doubles from a second, and ends after five restarts of what was never well', () => {
    expect(pauses(5_000, 20)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, null])
  })

  test('stays at five minutes for ever when the replica was well once', () => {
    const found = pauses(5_000, 400, { wasWell: true })
    expect(found.slice(0, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000))
    expect(found).toHaveLength(400)
  })

  test('begins anew after ten minutes of being well', () => {
    expect(pauses(600_000, 3)).toEqual([1_000, 1_000, 1_000])
    expect(pauses(599_999, 3)).toEqual([1_000, 2_000, 4_000])
  })
})

describe('a replica', () => {
  test('was well when it ran for a minute', () => {
    expect(afterRun(noRestarts, { ranMs: 59_999, byCheck: false }).wasWell).toBe(false)
    expect(afterRun(noRestarts, { ranMs: 60_000, byCheck: false }).wasWell).toBe(true)
  })

  test('was not well when all that time its health check never passed', () => {
    expect(afterRun(noRestarts, { ranMs: 90_000, byCheck: true }).wasWell).toBe(false)
  })

  test('that was well once counts as well for ever', () => {
    expect(afterRun({ ...noRestarts, wasWell: true }, { ranMs: 1, byCheck: true }).wasWell).toBe(true)
  })
})

test('of two records the one with more interruptions counts, whichever knows that it was well', () => {
  const [older, newer] = [
    { interruptions: 2, restarts: 2, inARow: 2, wasWell: true },
    { interruptions: 7, restarts: 6, inARow: 1, wasWell: false },
  ]
  expect(newerRecord(older, newer)).toEqual({ ...newer, wasWell: true })
  expect(newerRecord(newer, older)).toEqual({ ...newer, wasWell: true })
})

import { expect, test } from 'vitest'
import { IntakeLane } from './intake-lane'

function aLane() {
  const moved: (number | null)[] = []
  const lane: IntakeLane = new IntakeLane(1_500, () => moved.push(lane.untilMs))
  /** Starts a probe; what is handed back ends it. */
  const start = (atMs: number) => {
    let [through, fail] = [() => {}, () => {}]
    const way = new Promise<void>((resolve, reject) => {
      through = resolve
      fail = () => reject(new Error('refused'))
    })
    lane.start(atMs, way)
    return { through, fail }
  }
  return { lane, start, moved }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('knows nothing before the first probe came through', async () => {
  const { lane, start, moved } = aLane()
  start(1_000).fail()
  await turn()
  expect([lane.untilMs, lane.unbrokenSinceMs, moved]).toEqual([null, null, []])
})

test('a probe that overtakes another one says nothing until the other one has ended', async () => {
  const { lane, start, moved } = aLane()
  const [first, second] = [start(1_000), start(2_000)]
  second.through()
  await turn()
  expect(lane.untilMs).toBe(null)
  first.through()
  await turn()
  expect([lane.untilMs, lane.underWay, moved]).toEqual([2_000, 0, [2_000]])
})

test('slow probes are late, and no break', async () => {
  const { lane, start } = aLane()
  const probes = [1_000, 2_000, 3_000, 4_000].map(start)
  for (const probe of probes.toReversed()) probe.through()
  await turn()
  expect([lane.untilMs, lane.unbrokenSinceMs]).toEqual([4_000, 1_000])
})

test('probes that were not started, or failed, are a break', async () => {
  const { lane, start } = aLane()
  for (const atMs of [1_000, 2_000, 42_000, 43_000]) start(atMs).through()
  await turn()
  expect([lane.untilMs, lane.unbrokenSinceMs]).toEqual([43_000, 42_000])
  start(44_000).fail()
  start(45_000).through()
  await turn()
  expect([lane.untilMs, lane.unbrokenSinceMs]).toEqual([45_000, 45_000])
})

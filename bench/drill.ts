/** Failure drills on a large fleet. npm run bench -- drill */

import type { DrillMode } from '@/core/insight/drill-report'
import { reportOf } from '@/server/api/drill/report'
import { runDrill } from '@/server/api/drill/run'
import { LiveFleet } from '@/server/api/stream/live-fleet'
import { systemClock } from '@/server/lib/clock'
import { newSpeaker } from './common/agents'
import { seedBigFleet } from './common/big-fleet'
import { median, tableText } from './common/measure'
import { benchmark, print } from './common/program'
import { learn, withScratchDatabase } from './common/scratch'

const program = benchmark(
  'drill',
  `Milliseconds for a drill from the question to its first page, on a fleet in ten regions whose deployments have three
replicas each, one in twenty of them with a wish (which takes a look at every node): of one node, and of a region that fails or is
drained. Included: the database, every placement, the report. Beside it the longest stretch in which nothing else had its turn.`,
  { nodes: 10_000, deployments: 10_000, rounds: 3 },
)
const nodes = program.number('nodes')
const deployments = program.number('deployments')

/** Runs `work`, and measures the longest delay of a timer meanwhile, in milliseconds. */
async function watched<T>(work: () => Promise<T>): Promise<{ result: T; ms: number; longestMs: number }> {
  let longestMs = 0
  let lastMs = performance.now()
  const begunMs = lastMs
  const observe = (): void => {
    const nowMs = performance.now()
    longestMs = Math.max(longestMs, nowMs - lastMs)
    lastMs = nowMs
  }
  const timer = setInterval(observe, 1)
  const result = await work()
  observe()
  clearInterval(timer)
  return { result, ms: performance.now() - begunMs, longestMs }
}

interface Measured {
  name: string
  replicas: number
  deployments: number
  ms: number
  longestMs: number
  answerKb: number
}

const asked: { name: string; mode: DrillMode; nodes: string[]; regions: string[] }[] = [
  { name: 'a node fails', mode: 'fail', nodes: ['node-000000'], regions: [] },
  { name: 'a region fails', mode: 'fail', nodes: [], regions: ['region-0'] },
  { name: 'a region is drained', mode: 'drain', nodes: [], regions: ['region-0'] },
]

const rounds: Measured[] = []
await withScratchDatabase(async (scratch) => {
  await seedBigFleet(scratch, { nodes, deployments, speaker: newSpeaker() })
  await learn(scratch)
  const { store, changes } = scratch
  const fleet = new LiveFleet({ store, changes, clock: systemClock })
  try {
    for (let round = 0; round < program.number('rounds'); round++)
      for (const { name, ...picked } of asked) {
        const { result, ms, longestMs } = await watched(async () =>
          reportOf(await runDrill({ store, fleet, clock: systemClock }, { ...picked, zones: [] }), {
            ...{ stage: 'overridden', show: 'affected', offset: 0, limit: 50 },
          }),
        )
        const answerKb = JSON.stringify(result).length / 1024
        rounds.push({ name, replicas: result.counts.replicas, deployments: result.total, ms, longestMs, answerKb })
      }
  } finally {
    fleet.close()
  }
})

const medians = asked.map(({ name }) => {
  const mine = rounds.filter((round) => round.name === name)
  const of = (key: Exclude<keyof Measured, 'name'>): number => median(mine.map((one) => one[key]))
  const [replicas, affected] = [of('replicas'), of('deployments')]
  return { name, replicas, deployments: affected, ms: of('ms'), longestMs: of('longestMs'), answerKb: of('answerKb') }
})
print(`${nodes} nodes, ${3 * deployments} replicas, medians of ${program.number('rounds')} rounds\n`)
print(
  tableText(
    ['drill', '', 'replicas there', 'deployments', 'ms', 'longest stretch ms', 'answer kB'],
    medians.map((one) => [
      one.name,
      '',
      one.replicas.toFixed(0),
      one.deployments.toFixed(0),
      one.ms.toFixed(0),
      one.longestMs.toFixed(0),
      one.answerKb.toFixed(0),
    ]),
  ),
)
program.save({ medians, rounds })

/** The cost of decision records and the journal. npm run bench -- records */
import pino from 'pino'
import { systemClock } from '@/server/lib/clock'
import { createAgentInbox } from '@/server/store/agents/inbox'
import { claimEvaluations } from '@/server/store/queue/evaluations'
import { evaluate, type Scheduling } from '@/server/worker/evaluate'
import { FleetView } from '@/server/worker/fleet-cache'
import { batchSize } from '@/server/worker/loop'
import { BenchAgent } from './common/agents'
import { median, tableText } from './common/measure'
import { benchmark, print } from './common/program'
import { accept, aDeployCommand, learn, perSecond, type Scratch, withScratchDatabase } from './common/scratch'
import { recordsOnDisk, virtualSeconds } from './records/disk'
import { FleetViewWithoutJournal, withoutRecords } from './records/without'

const program = benchmark(
  'records',
  `Decisions a second with full records kept and with none, in turn, on a fleet whose nodes all beat every 5 seconds meanwhile;
what a decision takes on the disk then; and what it takes when only one is made a second, so that each has a fifth of the
fleet's heartbeats to remember. For the latter a second is made as short as it can be: 1 decision, the heartbeats of a fifth of
the nodes, dated a second later each time.`,
  { nodes: 10_000, deployments: 640, 'quiet-decisions': 600 },
)
const count = program.number('deployments')
const order = aDeployCommand({ resources: { cpuMillis: 10, memoryMb: 1, gpuUnits: 0, storageGb: 1 } })
const log = pino({ level: 'silent' })

interface Round {
  kept: number
  without: number
  /** How much longer a decision takes with its record. */
  slower: number
  bytesPerDecision: number
}

/** Schedules `count` deployments that were accepted before. Decisions per second. */
async function decide(scratch: Scratch, scheduling: Scheduling): Promise<number> {
  await Promise.all(Array.from({ length: count }, () => accept(scratch, order)))
  const begun = performance.now()
  for (;;) {
    const claimed = await claimEvaluations(scratch.store, scheduling, { limit: batchSize, which: 'fresh' })
    if (claimed.length === 0) return perSecond(count, begun)
    for (let left = claimed; left.length > 0; ) left = await evaluate(scheduling, left)
  }
}

async function measure(scratch: Scratch) {
  const { changes } = scratch
  const agent = await new BenchAgent(scratch, {
    inbox: createAgentInbox(scratch.store),
    onRunning: () => undefined,
  }).join(program.number('nodes'), 'node-')
  const { rows } = await scratch.store.pool.query<{ epoch: string }>(
    'update scheduler_leadership set epoch = epoch + 1 returning epoch',
  )
  const usual = { log, clock: systemClock, epoch: BigInt(rows[0]?.epoch ?? 0), worker: 'bench' }
  const kept: Scheduling = { ...usual, store: scratch.store, fleet: new FleetView(scratch.store, changes) }
  const bare = withoutRecords(scratch.store)
  const without: Scheduling = { ...usual, store: bare, fleet: new FleetViewWithoutJournal(bare, changes) }
  try {
    await decide(scratch, kept)
    await decide(scratch, without)
    await learn(scratch)
    agent.beatOn()
    const rounds: Round[] = []
    for (let i = 0; i < program.number('rounds'); i++) {
      const before = await recordsOnDisk(scratch.store)
      const keptRate = await decide(scratch, kept)
      const bytes = (await recordsOnDisk(scratch.store)).total - before.total
      const withoutRate = await decide(scratch, without)
      rounds.push({
        kept: keptRate,
        without: withoutRate,
        slower: withoutRate / keptRate - 1,
        bytesPerDecision: bytes / count,
      })
    }
    agent.close()
    const quiet = await virtualSeconds(scratch, {
      agent,
      scheduling: kept,
      seconds: program.number('quiet-decisions'),
      order,
    })
    return { rounds, quiet }
  } finally {
    agent.close()
    kept.fleet.close()
    without.fleet.close()
  }
}

const { rounds, quiet } = await withScratchDatabase(measure)
const of = (key: keyof Round): number => median(rounds.map((one) => one[key]))
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`
const nodes = program.number('nodes').toLocaleString('en')
print(
  tableText(
    [`medians of ${rounds.length} rounds of ${count} decisions, ${nodes} nodes that beat every 5 s`, '', 'wanted'],
    [
      ['without records', `${of('without').toFixed(0)} /s`, ''],
      ['with full records', `${of('kept').toFixed(0)} /s`, ''],
      ['slower by', `${(100 * of('slower')).toFixed(1)} %`, '≤ 10 %'],
      ['on the disk, under load', `${of('bytesPerDecision').toFixed(0)} bytes a decision`, '≤ 2,000'],
      ['on the disk, at 1 decision/s', `${quiet.bytesPerDecision.toFixed(0)} bytes a decision`, ''],
      ['… of which the journal', `${quiet.journalBytesPerDecision.toFixed(0)} bytes`, ''],
      ['… a day', megabytes(86_400 * quiet.bytesPerDecision), ''],
    ],
  ),
)
program.save({
  nodes: program.number('nodes'),
  medians: Object.fromEntries((Object.keys(rounds[0] ?? {}) as (keyof Round)[]).map((key) => [key, of(key)])),
  rounds,
  quiet: { ...quiet, bytesPerDay: 86_400 * quiet.bytesPerDecision },
})

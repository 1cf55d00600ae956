/** Durable accepts, measured up to the commit in a PostgreSQL with fsync on. npm run bench -- accepts */
import { setTimeout as sleep } from 'node:timers/promises'
import { median, quantile, tableText } from './common/measure'
import { benchmark, print } from './common/program'
import {
  accept,
  aDeployCommand,
  learn,
  perSecond,
  type Scratch,
  serverSideLimit,
  withScratchDatabase,
} from './common/scratch'

const program = benchmark(
  'accepts',
  `Deployments accepted a second through the product's acceptor, all of them at once, against the same rows made by the
database itself; then how long each takes when they are offered at a steady rate, against a lone one on an idle server.
Every round measures all of it, one after the other.`,
  { deployments: 12_000, rate: 4_000, seconds: 2 },
)
const count = program.number('deployments')
const rate = program.number('rate')
const seconds = program.number('seconds')

async function accepted(scratch: Scratch): Promise<number> {
  const begun = performance.now()
  await Promise.all(Array.from({ length: count }, () => accept(scratch, aDeployCommand())))
  return perSecond(count, begun)
}

/** The median time of one call, in milliseconds, when calls are made one after the other. */
async function idleMs(scratch: Scratch): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 100; i++) {
    const begun = performance.now()
    await accept(scratch, aDeployCommand())
    times.push(performance.now() - begun)
  }
  return median(times)
}

/** Makes calls at a steady rate, regardless of the answers. Returns the milliseconds of each. */
async function offered(scratch: Scratch): Promise<number[]> {
  const times: number[] = []
  const pending: Promise<void>[] = []
  const begun = performance.now()
  for (let sent = 0; sent < rate * seconds; ) {
    const due = Math.min(rate * seconds, ((performance.now() - begun) / 1000) * rate)
    for (; sent < due; sent++) {
      const at = performance.now()
      pending.push(accept(scratch, aDeployCommand()).then(() => void times.push(performance.now() - at)))
    }
    await sleep(1)
  }
  await Promise.all(pending)
  return times
}

interface Round {
  limit: number
  accepts: number
  ratio: number
  idleMs: number
  p50Ms: number
  p99Ms: number
  p50OverIdle: number
  p99OverIdle: number
}

async function round(scratch: Scratch): Promise<Round> {
  const limit = await serverSideLimit(scratch, count)
  const accepts = await accepted(scratch)
  const idle = await idleMs(scratch)
  const times = await offered(scratch)
  const p50Ms = quantile(times, 0.5)
  const p99Ms = quantile(times, 0.99)
  return {
    limit,
    accepts,
    ratio: accepts / limit,
    idleMs: idle,
    p50Ms,
    p99Ms,
    p50OverIdle: p50Ms / idle,
    p99OverIdle: p99Ms / idle,
  }
}

const rounds = await withScratchDatabase(async (scratch) => {
  await serverSideLimit(scratch, count)
  await accepted(scratch)
  await learn(scratch)
  const done: Round[] = []
  for (let i = 0; i < program.number('rounds'); i++) done.push(await round(scratch))
  return done
})
const of = (key: keyof Round): number => median(rounds.map((one) => one[key]))
print(
  tableText(
    [`medians of ${rounds.length} rounds of ${count.toLocaleString('en')} deployments`, '', 'wanted'],
    [
      ['limit: server-side INSERT … SELECT', `${of('limit').toFixed(0)} /s`, ''],
      ['accepted', `${of('accepts').toFixed(0)} /s`, ''],
      ['of the limit', `${(100 * of('ratio')).toFixed(0)} %`, '≥ 90 %'],
      ['a lone accept on an idle server', `${of('idleMs').toFixed(2)} ms`, ''],
      [`at ${rate}/s offered, p50`, `${of('p50Ms').toFixed(2)} ms`, ''],
      [`at ${rate}/s offered, p50 × idle`, `${of('p50OverIdle').toFixed(1)}`, '≤ 8'],
      [`at ${rate}/s offered, p99`, `${of('p99Ms').toFixed(1)} ms`, ''],
      [`at ${rate}/s offered, p99 × idle`, `${of('p99OverIdle').toFixed(1)}`, '≤ 40'],
    ],
  ),
)
program.save({
  deployments: count,
  offeredPerSecond: rate,
  medians: Object.fromEntries((Object.keys(rounds[0] ?? {}) as (keyof Round)[]).map((key) => [key, of(key)])),
  rounds,
})

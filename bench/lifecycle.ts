/** Deployments from the call to running. npm run bench -- lifecycle */
import { createAgentInbox } from '@/server/store/agents/inbox'
import { BenchAgent } from './common/agents'
import { median, tableText } from './common/measure'
import { benchmark, print } from './common/program'
import { startScheduler } from './common/scheduler'
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
  'lifecycle',
  `Deployments of 3 replicas a second from the call until all of them run, against the rows of their accepts alone made by
the database itself. The scheduler is the product's, in a process of its own; accepting, and agents whose containers run at
once, are in this one. Included: accept, evaluation, decision with its record, placement, notification of the agents, their
wanted state, reports, heartbeats. Not included: HTTP, and containers.`,
  { deployments: 1_000, nodes: 1_000, agents: 4 },
)
const count = program.number('deployments')

/** Small requests, so that no round fills the nodes. */
const order = aDeployCommand({ resources: { cpuMillis: 10, memoryMb: 1, gpuUnits: 0, storageGb: 1 } })

interface Round {
  limit: number
  lifecycles: number
  ratio: number
  /** Commits that wrote statuses of deployments, by which status they wrote. */
  acceptCommits: number
  scheduleCommits: number
  reportCommits: number
  commitsPerBatch: number
}

/** Ends everything that was placed, which frees capacity for the next round. */
async function clear({ store }: Scratch): Promise<void> {
  await store.pool.query(
    `update deployment_replicas set reserved = false, wanted = 'stop', status = 'stopped' where reserved`,
  )
  await store.pool.query(`update deployments set status = 'stopped' where status = 'running'`)
  await store.pool.query(
    `with locked as (select id from nodes order by id for update)
     update nodes n set reserved_cpu_millis = 0, reserved_memory_mb = 0, reserved_storage_gb = 0, reserved_gpu = 0
     from locked where n.id = locked.id`,
  )
  await store.pool.query('vacuum deployments, deployment_replicas, nodes, evaluations')
  await store.pool.query('select pg_notify($1, $2)', ['fogdeck', JSON.stringify({ topic: 'node', ids: [] })])
}

class Counter {
  #left = 0
  #done: () => void = () => undefined

  /** Resolves when this many more deployments run. */
  expect(more: number): Promise<void> {
    this.#left = more
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  count(running: number): void {
    this.#left -= running
    if (running > 0 && this.#left <= 0) this.#done()
  }
}

const commitsSince = async ({ store }: Scratch, seq: string): Promise<Record<string, number>> => {
  const { rows } = await store.pool.query<{ status: string; commits: number }>(
    `select new_status as status, count(distinct xmin::text)::int as commits from deployment_status_history where seq > $1
     group by new_status`,
    [seq],
  )
  return Object.fromEntries(rows.map(({ status, commits }) => [status, commits]))
}

async function round(scratch: Scratch, running: Counter): Promise<Round> {
  const limit = await serverSideLimit(scratch, count)
  const { rows } = await scratch.store.pool.query<{ seq: string }>(
    'select coalesce(max(seq), 0)::text as seq from deployment_status_history',
  )
  const done = running.expect(count)
  const begun = performance.now()
  await Promise.all(Array.from({ length: count }, () => accept(scratch, order)))
  await done
  const lifecycles = perSecond(count, begun)
  const commits = await commitsSince(scratch, rows[0]?.seq ?? '0')
  await clear(scratch)
  const scheduleCommits = commits.scheduled ?? 0
  const reportCommits = commits.running ?? 0
  return {
    limit,
    lifecycles,
    ratio: lifecycles / limit,
    acceptCommits: commits.pending ?? 0,
    scheduleCommits,
    reportCommits,
    commitsPerBatch: (scheduleCommits + reportCommits) / scheduleCommits,
  }
}

const rounds = await withScratchDatabase(async (scratch) => {
  const running = new Counter()
  const programs = program.number('agents')
  const agents: BenchAgent[] = []
  const inbox = createAgentInbox(scratch.store)
  for (let i = 1; i <= programs; i++) {
    const agent = new BenchAgent(scratch, { inbox, onRunning: (deployments) => running.count(deployments) })
    agents.push(await agent.join(Math.ceil(program.number('nodes') / programs), `program-${i}-node-`))
  }
  const scheduler = await startScheduler(scratch)
  try {
    for (const agent of agents) agent.follow(scratch.changes)
    await serverSideLimit(scratch, 2 * count)
    await round(scratch, running)
    await learn(scratch)
    const done: Round[] = []
    for (let i = 0; i < program.number('rounds'); i++) done.push(await round(scratch, running))
    return done
  } finally {
    for (const agent of agents) agent.close()
    await scheduler.stop()
  }
})
const of = (key: keyof Round): number => median(rounds.map((one) => one[key]))
print(
  tableText(
    [`medians of ${rounds.length} rounds of ${count.toLocaleString('en')} deployments`, '', 'wanted'],
    [
      ['limit: server-side INSERT … SELECT of accepts', `${of('limit').toFixed(0)} /s`, ''],
      ['whole lives, call → running', `${of('lifecycles').toFixed(0)} /s`, ''],
      ['of the limit', `${(100 * of('ratio')).toFixed(0)} %`, '≥ 40 %'],
      ['commits of accepts', `${of('acceptCommits')}`, ''],
      ['commits of the scheduler', `${of('scheduleCommits')}`, ''],
      ['commits of reports', `${of('reportCommits')}`, ''],
      ['commits per batch after the accept', of('commitsPerBatch').toFixed(2), '≤ 2'],
    ],
  ),
)
program.save({
  deployments: count,
  nodes: program.number('nodes'),
  medians: Object.fromEntries((Object.keys(rounds[0] ?? {}) as (keyof Round)[]).map((key) => [key, of(key)])),
  rounds,
})

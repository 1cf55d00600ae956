/** The real store on the real database does what the model says, for any sequence of operations. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canTransition, type DeploymentStatus, deploymentTransitions } from '@/core/deployments/status'
import { testControlPlane } from '@/testing/control-plane'
import * as spec from '@/tests/model/database'
import { Real, viewOf } from '@/tests/model/real'
import { leaseOf, plansFor } from '@/tests/model/world'

interface Model {
  db: spec.Database
  waits: boolean
  /** The term in which each scheduler believes, and what it is about to commit. */
  schedulers: { epoch: number; plan: spec.Plan | null }[]
}

let real: Real
const happened = new Map<string, number>()
const note = (what: string) => happened.set(what, (happened.get(what) ?? 0) + 1)

beforeAll(async () => {
  real = await Real.prepare(await testControlPlane())
})
afterAll(() => real?.cp.close())

/**
 * One operation: when it is possible, what it does in the model, and what it does for real. After each, the two must
 * agree.
 */
interface Deed {
  name: string
  possible(model: Model): boolean
  run(model: Model, real: Real): Promise<void>
}

class Command implements fc.AsyncCommand<Model, Real> {
  constructor(private readonly deed: Deed) {}
  check = (model: Readonly<Model>): boolean => this.deed.possible(model)
  async run(model: Model, system: Real): Promise<void> {
    await this.deed.run(model, system)
    note(this.deed.name.split(' ')[0] ?? '')
    expect(await system.view(), this.deed.name).toEqual(viewOf(model.db))
  }
  toString = (): string => this.deed.name
}

const statusOf = (model: Model): DeploymentStatus | undefined => model.db.deployment?.status
const exists = (model: Model): boolean => model.db.deployment !== null && statusOf(model) !== 'deleted'
const schedulerOf = (model: Model, by: number) => {
  const scheduler = model.schedulers[by]
  if (!scheduler) throw new Error(`There is no scheduler ${by}`)
  return scheduler
}

const committer = (model: Model, by: number): spec.Committer => ({ by, epoch: schedulerOf(model, by).epoch })
const leads = (model: Model, by: number): boolean => schedulerOf(model, by).epoch > 0
const working = (model: Model, by: number): boolean => leads(model, by) && leaseOf(model.db, committer(model, by)) >= 0

/** Checks that the model and the store agree on a transaction that may be refused. */
function agree(model: Model, outcome: spec.Database | spec.Refusal, really: spec.Refusal | null): void {
  expect(really).toBe(typeof outcome === 'string' ? outcome : null)
  if (typeof outcome === 'string') note(outcome)
  else model.db = outcome
}

const deploy = (target: number, waits: boolean): Deed => ({
  name: `deploy ${target}${waits ? ', waiting for capacity' : ''}`,
  possible: (model) => model.db.deployment === null,
  run: async (model, system) => {
    model.waits = waits
    model.db = spec.deploy(model.db, target)
    await system.deploy(target, waits)
  },
})

const scale = (target: number): Deed => ({
  name: `scale to ${target}`,
  possible: exists,
  run: async (model, system) => {
    const changes = model.db.deployment?.target !== target || statusOf(model) === 'failed'
    if (changes) model.db = spec.reopen(model.db, target)
    await system.scale(target)
  },
})

const retry: Deed = {
  name: 'retry',
  possible: (model) => statusOf(model) === 'failed',
  run: async (model, system) => {
    model.db = spec.reopen(model.db, model.db.deployment?.target ?? 0)
    await system.retry()
  },
}

const remove: Deed = {
  name: 'delete',
  possible: exists,
  run: async (model, system) => {
    model.db = spec.remove(model.db)
    await system.remove()
  },
}

const elect = (by: number): Deed => ({
  name: `elect ${by}`,
  possible: () => true,
  run: async (model, system) => {
    model.db = { ...model.db, epoch: model.db.epoch + 1 }
    model.schedulers[by] = { epoch: model.db.epoch, plan: null }
    await system.elect(by)
  },
})

const claim = (by: number, which: 'fresh' | 'retried'): Deed => ({
  name: `claim ${by} ${which}`,
  possible: (model) => leads(model, by) && !working(model, by),
  run: async (model, system) => {
    schedulerOf(model, by).plan = null
    agree(model, spec.claim(model.db, committer(model, by), { which }), await system.claim(by, which))
  },
})

const decide = (by: number, choice: number): Deed => ({
  name: `decide ${by} (choice ${choice})`,
  possible: (model) => working(model, by) && model.db.deployment !== null,
  run: async (model, system) => {
    const plans = plansFor(model.db, model.waits)
    const plan = plans[choice % plans.length]
    if (!plan) throw new Error('there is always a plan')
    schedulerOf(model, by).plan = plan
    const planned = await system.read(by)
    // The planner alone decides on back-off and giving up; on everything else the two must agree.
    if (planned === null || statusOf(model) === 'failed') {
      note('planned otherwise')
      return
    }
    const texts = (list: spec.Plan['stop']) => list.map((one) => `${one.slot}.${one.generation}`).sort()
    expect(texts(planned.stop)).toEqual(texts(plan.stop))
    if (plan.place.length > 0) expect(texts(planned.place)).toEqual(texts(plan.place))
  },
})

const commit = (by: number): Deed => ({
  name: `commit ${by}`,
  possible: (model) => schedulerOf(model, by).plan !== null,
  run: async (model, system) => {
    const { plan } = schedulerOf(model, by)
    if (!plan) return
    const place = leaseOf(model.db, committer(model, by))
    const outcome = spec.commit(model.db, committer(model, by), { place, plan })
    agree(model, outcome, await system.commit(by, plan))
    if (typeof outcome !== 'string') schedulerOf(model, by).plan = null
    if (typeof outcome !== 'string' && plan.ends === 'blocked') note('blocked')
  },
})

const stumble = (by: number): Deed => ({
  name: `stumble ${by}`,
  possible: (model) => working(model, by),
  run: async (model, system) => {
    const place = leaseOf(model.db, committer(model, by))
    if ((model.db.evaluations[place]?.attempts ?? 0) >= spec.maxAttempts) {
      agree(model, spec.markDead(model.db, committer(model, by), { place }), await system.markDead(by))
      note('buried')
    } else {
      model.db = spec.release(model.db, committer(model, by), place)
      await system.release(by)
    }
  },
})

const handBack = (by: number): Deed => ({
  name: `resign ${by}`,
  possible: (model) => leads(model, by),
  run: async (model, system) => {
    model.db = spec.handBack(model.db, committer(model, by))
    await system.handBack(by)
  },
})

const expire = (by: number): Deed => ({
  name: `expire ${by}`,
  possible: (model) => working(model, by),
  run: async (model, system) => {
    const place = leaseOf(model.db, committer(model, by))
    const evaluations = model.db.evaluations.map((one, i) => (i === place ? { ...one, expired: true } : one))
    model.db = { ...model.db, evaluations }
    await system.expire(by)
  },
})

const report = (pick: number, status: spec.Report['status'], gone: boolean): Deed => ({
  name: `report ${status}${gone ? ', gone' : ''} of ${pick}`,
  possible: (model) => model.db.replicas.length > 0,
  run: async (model, system) => {
    const { slot, generation, node } = model.db.replicas[pick % model.db.replicas.length] ?? {
      slot: 0,
      generation: 0,
      node: 0,
    }
    const reported = { slot, generation, node, status, gone }
    model.db = spec.report(model.db, reported)
    await system.report(reported)
  },
})

const lose = (by: number, node: number): Deed => ({
  name: `lose ${by} node ${node}`,
  possible: (model) => leads(model, by) && model.db.deployment !== null,
  run: async (model, system) => {
    const outcome = spec.lose(spec.setOnline(model.db, node, false), committer(model, by), { node })
    agree(model, outcome, await system.lose(by, node))
  },
})

const heartbeat = (node: number): Deed => ({
  name: `heartbeat ${node}`,
  possible: () => true,
  run: async (model, system) => {
    const online = spec.setOnline(model.db, node, true)
    model.db = model.db.nodes[node]?.online ? online : spec.wake(online)
    await system.heartbeat(node)
  },
})

const rival = (node: number, units: 1 | -1): Deed => ({
  name: `rival ${units > 0 ? 'takes' : 'leaves'} ${node}`,
  possible: ({ db }) => (units > 0 ? spec.reservedOn(db, node) < spec.capacity : (db.nodes[node]?.rival ?? 0) > 0),
  run: async (model, system) => {
    const nodes = model.db.nodes.map((one, i) => (i === node ? { ...one, rival: one.rival + units } : one))
    model.db = units > 0 ? { ...model.db, nodes } : spec.wake({ ...model.db, nodes })
    await system.rival(node, units)
  },
})

const by = fc.nat(1)
const node = fc.nat(1)
const often = 4
const commands = [
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.boolean()).map(([target, waits]) => deploy(target, waits)),
  },
  { weight: 1, arbitrary: fc.nat(2).map(scale) },
  { weight: 1, arbitrary: fc.constant(retry) },
  { weight: 1, arbitrary: fc.constant(remove) },
  { weight: 2, arbitrary: by.map(elect) },
  {
    weight: often,
    arbitrary: fc.tuple(by, fc.constantFrom('fresh' as const, 'retried' as const)).map(([s, w]) => claim(s, w)),
  },
  { weight: often, arbitrary: fc.tuple(by, fc.nat(3)).map(([s, choice]) => decide(s, choice)) },
  { weight: often, arbitrary: by.map(commit) },
  { weight: 1, arbitrary: by.map(stumble) },
  { weight: 1, arbitrary: by.map(handBack) },
  { weight: 1, arbitrary: by.map(expire) },
  {
    weight: 2 * often,
    arbitrary: fc
      .tuple(
        fc.nat(3),
        fc.constantFrom('starting', 'running', 'running', 'stopping', 'stopped', 'failed'),
        fc.boolean(),
      )
      .map(([pick, status, gone]) => report(pick, status as spec.Report['status'], gone)),
  },
  { weight: 2, arbitrary: fc.tuple(by, node).map(([s, n]) => lose(s, n)) },
  { weight: 2, arbitrary: node.map(heartbeat) },
  { weight: 2, arbitrary: fc.tuple(node, fc.constantFrom(1 as const, -1 as const)).map(([n, u]) => rival(n, u)) },
]
const anyCommand = fc.oneof(...commands).map((deed) => new Command(deed))
/** The first operations of every run, so that the rest has something to work on. */
const openings: Deed[][] = [
  [deploy(2, false), elect(0), claim(0, 'fresh'), decide(0, 0), commit(0)],
  [deploy(2, true), elect(1), claim(1, 'fresh'), decide(1, 1)],
  [elect(0), deploy(1, false)],
  // An evaluation that fails too often.
  [deploy(1, false), elect(0), claim(0, 'fresh'), stumble(0), claim(0, 'retried'), stumble(0)],
  // A full fleet, and a deployment that waits.
  [
    ...[0, 0, 1, 1].map((full) => rival(full, 1)),
    deploy(1, true),
    elect(0),
    claim(0, 'fresh'),
    decide(0, 0),
    commit(0),
  ],
]

test('the database matches the model after each of many thousand transactions', async () => {
  const life = fc.tuple(fc.constantFrom(...openings), fc.array(anyCommand, { minLength: 10, maxLength: 40 }))
  await fc.assert(
    fc.asyncProperty(life, async ([opening, rest]) => {
      await real.reset()
      const model: Model = {
        db: { ...spec.emptyDatabase, epoch: 1000 },
        waits: false,
        schedulers: [0, 1].map(() => ({ epoch: 0, plan: null })),
      }
      const all = [...opening.map((deed) => new Command(deed)), ...rest]
      await fc.asyncModelRun(() => ({ model, real }), all)
      await expectChainedHistory(model)
    }),
    // A fixed seed, so that the counts below are the same in every run.
    { numRuns: 100, seed: 1, endOnFailure: false },
  )
  // Each interesting case occurred more than once.
  for (const what of [
    'stale leader',
    'lost race',
    'blocked',
    'buried',
    'commit',
    'lose',
    'report',
    'retry',
    'rival',
    'expire',
  ])
    expect(happened.get(what) ?? 0, what).toBeGreaterThan(1)
}, 900_000)

/** Each change of status has one row, which begins where the previous one ended, along the transition table. */
async function expectChainedHistory(model: Model): Promise<void> {
  const rows = await real.history()
  let at = 'none'
  for (const { old_status, new_status } of rows) {
    expect(old_status).toBe(at)
    if (at !== 'none')
      expect(canTransition(deploymentTransitions, old_status as DeploymentStatus, new_status)).toBe(true)
    at = new_status
  }
  expect(at).toBe(statusOf(model) ?? 'none')
}

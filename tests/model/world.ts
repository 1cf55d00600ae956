/**
 * What happens around the database: two schedulers that may be killed or stopped at any moment, agents with their
 * containers, a network that loses and delays messages, people who change the deployment. `successors` gives everything
 * that can happen next.
 */
import type { ReplicaStatus } from '@/core/deployments/status'
import {
  type Committer,
  capacity,
  claim,
  claimable,
  commit,
  type Database,
  deploy,
  desiredAndLive,
  emptyDatabase,
  handBack,
  lose,
  markDead,
  maxAttempts,
  type Plan,
  type Refusal,
  type Report,
  type Rules,
  release,
  remove,
  reopen,
  report,
  reservedOn,
  same,
  setOnline,
  wake,
} from './database'

export interface Scheduler {
  paused: boolean
  /** The term in which the scheduler believes; 0 stands for a standby. */
  epoch: number
  /** The scheduler has claimed an evaluation and not settled it yet. */
  working: boolean
  plan: Plan | null
}

export interface Agent {
  cut: boolean
  /** The desired state that the agent received last. */
  wanted: readonly { slot: number; generation: number; run: boolean }[]
  containers: readonly { slot: number; generation: number; count: number; known: boolean }[]
  /** The agent's record of containers that ended. */
  ended: readonly { slot: number; generation: number; status: 'stopped' | 'failed' }[]
}

/** How often each of these may still happen. */
export interface Budget {
  /** A scheduler is killed, or asked to stop. */
  crash: number
  /** A scheduler is stopped, and resumes at any later moment. */
  pause: number
  /** The network of a node is cut, and restored at any later moment. */
  cut: number
  /** A container exits by itself. */
  die: number
  /** A report arrives a second time, at any later moment. */
  delay: number
  /** An agent restarts. */
  restart: number
  /** Another deployment takes capacity. */
  rival: number
  /** A person scales or deletes. */
  change: number
  /** An evaluation fails unexpectedly. */
  fail: number
  /** A lease expires. */
  expire: number
}

export const noBudget: Budget = {
  crash: 0,
  pause: 0,
  cut: 0,
  die: 0,
  delay: 0,
  restart: 0,
  rival: 0,
  change: 0,
  fail: 0,
  expire: 0,
}

export interface World {
  db: Database
  /** Who holds the advisory lock. */
  lock: number | null
  schedulers: readonly Scheduler[]
  agents: readonly Agent[]
  late: Report | null
  left: Budget
}

export interface Setting {
  rules: Rules
  budget: Budget
  /** The deployment waits for capacity instead of failing. */
  waits: boolean
}

/** Who made the step, where that matters to an invariant. */
export interface Step {
  name: string
  writer?: Committer
  next: World
}

const standby: Scheduler = { paused: false, epoch: 0, working: false, plan: null }
const freshAgent: Agent = { cut: false, wanted: [], containers: [], ended: [] }
export const slots = 2

export const beginning = ({ budget }: Setting): World => ({
  db: emptyDatabase,
  lock: null,
  schedulers: [standby, standby],
  agents: [freshAgent, freshAgent],
  late: null,
  left: budget,
})

const refused = (outcome: Database | Refusal): outcome is Refusal => typeof outcome === 'string'
const replaced = <T>(list: readonly T[], place: number, item: T): T[] =>
  list.map((one, i) => (i === place ? item : one))
const spend = (world: World, what: keyof Budget): World => ({
  ...world,
  left: { ...world.left, [what]: world.left[what] - 1 },
})
const withScheduler = (world: World, by: number, change: Partial<Scheduler>): World => {
  const before = world.schedulers[by]
  return before ? { ...world, schedulers: replaced(world.schedulers, by, { ...before, ...change }) } : world
}

const withAgent = (world: World, node: number, change: Partial<Agent>): World => {
  const before = world.agents[node]
  return before ? { ...world, agents: replaced(world.agents, node, { ...before, ...change }) } : world
}

export const leaseOf = (db: Database, { by, epoch }: Committer): number =>
  db.evaluations.findIndex((one) => one.status === 'leased' && one.by === by && one.epoch === epoch)

/** Everything that can happen next. */
export function successors(world: World, setting: Setting): Step[] {
  return [
    ...people(world, setting),
    ...world.schedulers.flatMap((_, by) => scheduler(world, by, setting)),
    ...world.agents.flatMap((_, node) => agent(world, node, setting)),
    ...network(world, setting),
  ]
}

function people(world: World, { rules }: Setting): Step[] {
  const { db, left } = world
  const steps: Step[] = []
  if (db.deployment === null) return [{ name: 'deploy', next: { ...world, db: deploy(db, slots, rules) } }]
  if (left.change > 0 && db.deployment.status !== 'deleted') {
    const after = spend(world, 'change')
    for (const target of [0, 1, 2])
      if (target !== db.deployment.target)
        steps.push({ name: `scale to ${target}`, next: { ...after, db: reopen(db, target) } })
    steps.push({ name: 'delete', next: { ...after, db: remove(db) } })
    if (db.deployment.status === 'failed')
      steps.push({ name: 'retry', next: { ...after, db: reopen(db, db.deployment.target) } })
  }
  for (const node of [0, 1]) {
    const rival = db.nodes[node]?.rival ?? 0
    const withRival = (units: number): Database => ({
      ...db,
      nodes: db.nodes.map((one, i) => (i === node ? { ...one, rival: units } : one)),
    })
    if (left.rival > 0 && reservedOn(db, node) < capacity)
      steps.push({
        name: `a rival takes a place on ${node}`,
        next: { ...spend(world, 'rival'), db: withRival(rival + 1) },
      })
    if (rival > 0) steps.push({ name: `the rival leaves ${node}`, next: { ...world, db: wake(withRival(rival - 1)) } })
  }
  return steps
}

function scheduler(world: World, by: number, setting: Setting): Step[] {
  const me = world.schedulers[by]
  if (!me) return []
  const { db, left, lock } = world
  const steps: Step[] = []
  const name = (what: string) => `scheduler ${by} ${what}`
  if (me.paused) {
    // Its connections stay open, so the lock is free only after a standby has ended them.
    if (lock === by) steps.push({ name: name('is unseated'), next: { ...world, lock: null } })
    return [...steps, { name: name('wakes'), next: withScheduler(world, by, { paused: false }) }]
  }
  if (me.epoch === 0) return lock === null && mayStand(world, by) ? [elect(world, by)] : []
  if (left.pause > 0)
    steps.push({ name: name('is stopped'), next: spend(withScheduler(world, by, { paused: true }), 'pause') })
  if (left.crash > 0) {
    const after = spend({ ...withScheduler(world, by, standby), lock: lock === by ? null : lock }, 'crash')
    steps.push({ name: name('is killed'), next: after })
    steps.push({ name: name('resigns'), next: { ...after, db: handBack(db, { by, epoch: me.epoch }) } })
  }
  if (left.expire > 0 && leaseOf(db, { by, epoch: me.epoch }) >= 0) {
    const place = leaseOf(db, { by, epoch: me.epoch })
    const evaluations = db.evaluations.map((one, i) => (i === place ? { ...one, expired: true } : one))
    steps.push({
      name: name('is too slow for its lease'),
      next: spend({ ...world, db: { ...db, evaluations } }, 'expire'),
    })
  }
  return [...steps, ...sweeps(world, by, setting), ...work(world, by, setting)]
}

/** Of two identical schedulers only the first may stand for election, which halves the number of states. */
const mayStand = ({ schedulers }: World, by: number): boolean =>
  by === 0 || schedulers[0]?.epoch !== 0 || schedulers[0].paused

const elect = (world: World, by: number): Step => {
  const epoch = world.db.epoch + 1
  return {
    name: `scheduler ${by} is elected`,
    next: { ...withScheduler(world, by, { epoch }), lock: by, db: { ...world.db, epoch } },
  }
}

/** The scheduler learned that its term has ended. */
const stepDown = (world: World, by: number): World => ({
  ...withScheduler(world, by, standby),
  lock: world.lock === by ? null : world.lock,
})

function sweeps(world: World, by: number, { rules }: Setting): Step[] {
  const writer = { by, epoch: world.schedulers[by]?.epoch ?? 0 }
  return world.agents.flatMap(({ cut }, node): Step[] => {
    if (!cut) return []
    const lost = lose(setOnline(world.db, node, false), writer, { node, rules })
    if (refused(lost)) return [{ name: `scheduler ${by} learns that it leads no more`, next: stepDown(world, by) }]
    return [{ name: `scheduler ${by} gives node ${node} up`, writer, next: { ...world, db: lost } }]
  })
}

/** Claim, decide, commit. Other things may happen between these steps. */
function work(world: World, by: number, { rules, waits }: Setting): Step[] {
  const me = world.schedulers[by]
  if (!me) return []
  const { db, left } = world
  const writer = { by, epoch: me.epoch }
  const settle = (outcome: Database | Refusal, done: Partial<Scheduler>): World => {
    if (outcome === 'stale leader') return stepDown(world, by)
    if (outcome === 'lost race') return withScheduler(world, by, { plan: null, working: leaseOf(db, writer) >= 0 })
    return withScheduler({ ...world, db: outcome }, by, done)
  }
  if (!me.working) {
    return (['fresh', 'retried'] as const)
      .filter((which) => claimable(db, me.epoch, which) >= 0)
      .map((which) => ({
        name: `scheduler ${by} claims`,
        writer,
        next: settle(claim(db, writer, { which, rules }), { working: true }),
      }))
  }
  const place = leaseOf(db, writer)
  const done = { working: false, plan: null }
  const steps: Step[] = []
  if (left.fail > 0 && place >= 0) {
    const dead = (db.evaluations[place]?.attempts ?? 0) >= maxAttempts
    const outcome = dead ? markDead(db, writer, { place, rules }) : release(db, writer, place)
    steps.push({ name: `scheduler ${by} stumbles`, writer, next: spend(settle(outcome, done), 'fail') })
  }
  const { plan } = me
  if (plan === null)
    return [
      ...steps,
      ...plansFor(db, waits).map((each) => ({
        name: `scheduler ${by} decides`,
        next: withScheduler(world, by, { plan: each }),
      })),
    ]
  return [
    ...steps,
    { name: `scheduler ${by} commits`, writer, next: settle(commit(db, writer, { place, plan, rules }), done) },
  ]
}

/** All plans that are possible for the current database: every choice of nodes with capacity. */
export function plansFor(db: Database, waits: boolean): Plan[] {
  const { deployment, replicas } = db
  if (!deployment) return []
  const { version, status } = deployment
  const target = status === 'deleted' ? 0 : deployment.target
  const stop = replicas.filter((one) => desiredAndLive(one) && one.slot >= target)
  const plan: Plan = {
    version,
    status,
    place: [],
    stop: stop.map(({ slot, generation }) => ({ slot, generation })),
    to: null,
    ends: 'done',
  }
  if (status !== 'pending' && status !== 'scheduled' && status !== 'running') return [plan]
  const missing = Array.from({ length: target }, (_, slot) => slot).filter(
    (slot) => !replicas.some((one) => one.slot === slot && desiredAndLive(one)),
  )
  if (missing.length > 0) {
    const choices = placements(db, missing)
    if (choices.length > 0) return choices.map((place) => ({ ...plan, place, to: 'scheduled' }))
    return [waits ? { ...plan, ends: 'blocked' } : { ...plan, to: 'failed' }]
  }
  if (target === 0) return [replicas.some((one) => one.held) ? plan : { ...plan, to: 'stopped' }]
  if (status !== 'pending') return [plan]
  const kept = replicas.filter((one) => one.run && one.slot < target)
  const running = kept.filter((one) => one.status === 'running').length
  return [{ ...plan, to: running >= target ? 'running' : 'scheduled' }]
}

function placements(db: Database, missing: number[]): Plan['place'][] {
  const [slot, ...rest] = missing
  if (slot === undefined) return [[]]
  const newest = Math.max(0, ...db.replicas.filter((one) => one.slot === slot).map((one) => one.generation))
  return [0, 1]
    .filter((node) => db.nodes[node]?.online && reservedOn(db, node) < capacity)
    .flatMap((node) => {
      const placed = { slot, generation: newest + 1, node }
      const after = {
        ...db,
        replicas: [...db.replicas, { ...placed, status: 'pending' as const, run: true, held: true }],
      }
      return placements(after, rest).map((others) => [placed, ...others])
    })
}

function agent(world: World, node: number, { rules }: Setting): Step[] {
  const me = world.agents[node]
  if (!me) return []
  const { left } = world
  const steps: Step[] = []
  const name = (what: string) => `agent ${node} ${what}`
  if (me.cut) steps.push({ name: name('is connected again'), next: withAgent(world, node, { cut: false }) })
  else {
    if (left.cut > 0)
      steps.push({ name: name('is cut off'), next: spend(withAgent(world, node, { cut: true }), 'cut') })
    steps.push(sync(world, node))
    for (const reported of reports(me, node)) {
      steps.push({ name: name('reports'), next: { ...world, db: report(world.db, reported, rules) } })
      if (left.delay > 0 && world.late === null)
        steps.push({ name: name('reports twice'), next: spend({ ...world, late: reported }, 'delay') })
    }
  }
  for (const wanted of me.wanted) if (mayStart(me, wanted, rules)) steps.push(start(world, node, wanted))
  for (const container of me.containers) {
    if (mayStop(me, container, rules)) steps.push(end(world, { node, container, status: 'stopped' }))
    if (left.die > 0) {
      const died = end(world, { node, container, status: 'failed' })
      steps.push({ ...died, next: spend(died.next, 'die') })
    }
  }
  if (left.restart > 0) {
    const containers = me.containers.map((one) => ({ ...one, known: rules.adopt }))
    steps.push({ name: name('starts again'), next: spend(withAgent(world, node, { containers }), 'restart') })
  }
  return steps
}

/** A heartbeat and its answer: the node is online, and the agent learns the desired state. */
function sync(world: World, node: number): Step {
  const online = setOnline(world.db, node, true)
  const db = world.db.nodes[node]?.online ? online : wake(online)
  const wanted = db.replicas
    .filter((one) => one.node === node && one.held)
    .map(({ slot, generation, run }) => ({ slot, generation, run }))
  const ended = (world.agents[node]?.ended ?? []).filter((one) => wanted.some((other) => same(one, other)))
  return { name: `agent ${node} is told`, next: withAgent({ ...world, db }, node, { wanted, ended }) }
}

type Desired = Agent['wanted'][number]
type Container = Agent['containers'][number]

const mayStart = (me: Agent, wanted: Desired, rules: Rules): boolean =>
  wanted.run &&
  !me.ended.some((one) => same(one, wanted)) &&
  !me.containers.some((one) => same(one, wanted) && one.known) &&
  !(rules.wait && me.containers.some((one) => one.slot === wanted.slot && !same(one, wanted))) &&
  !(!rules.generation && me.containers.some((one) => one.slot === wanted.slot))

const mayStop = (me: Agent, container: Container, rules: Rules): boolean =>
  container.known &&
  !me.wanted.some((one) => one.run && (rules.generation ? same(one, container) : one.slot === container.slot))

function start(world: World, node: number, { slot, generation }: Desired): Step {
  const me = world.agents[node]
  const before = me?.containers.find((one) => same(one, { slot, generation }))
  const others = me?.containers.filter((one) => one !== before) ?? []
  const container = { slot, generation, count: (before?.count ?? 0) + 1, known: true }
  return {
    name: `agent ${node} starts ${slot}.${generation}`,
    next: withAgent(world, node, { containers: [...others, container] }),
  }
}

function end(
  world: World,
  { node, container, status }: { node: number; container: Container; status: 'stopped' | 'failed' },
): Step {
  const me = world.agents[node]
  const { slot, generation } = container
  return {
    name: `agent ${node}: ${slot}.${generation} has ${status}`,
    next: withAgent(world, node, {
      containers: me?.containers.filter((one) => one !== container) ?? [],
      ended: [...(me?.ended ?? []).filter((one) => !same(one, container)), { slot, generation, status }],
    }),
  }
}

/** All reports that an agent can send about its replicas. */
function reports(me: Agent, node: number): Report[] {
  const about = (
    { slot, generation }: { slot: number; generation: number },
    status: ReplicaStatus & Report['status'],
    gone: boolean,
  ) => ({
    slot,
    generation,
    node,
    status,
    gone,
  })
  const nothing = me.wanted.filter(
    (one) => !one.run && !me.containers.some((c) => same(c, one)) && !me.ended.some((e) => same(e, one)),
  )
  return [
    ...me.containers.map((one) => about(one, 'running', false)),
    ...me.ended.map((one) => about(one, one.status, true)),
    ...nothing.map((one) => about(one, 'stopped', true)),
  ]
}

function network(world: World, { rules }: Setting): Step[] {
  if (world.late === null) return []
  return [{ name: 'a late report arrives', next: { ...world, late: null, db: report(world.db, world.late, rules) } }]
}

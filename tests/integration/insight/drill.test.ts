/**
 * What a drill predicts is what then happens, on the real tables, with the real sweep, drain, reconciler and scheduler.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DrillReport } from '@/core/insight/drill-report'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { systemAuthor } from '@/server/store/records/audit'
import { writeSettings } from '@/server/store/records/settings'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'
import { drawing } from '@/testing/fleets/fleet-shapes'

let cp: TestControlPlane
let agent: FakeAgent
beforeEach(async () => {
  cp = await testControlPlane()
  agent = new FakeAgent(cp)
  // Only the nodes that a test silences go offline, however slow the machine is.
  await writeSettings(cp.store, systemAuthor, { heartbeat: { everySeconds: 5, limitSeconds: 600 } })
})
afterEach(() => cp.close())

const earliestSeconds = 607
const admin = () => cp.as('admin')

/**
 * Ages the last heartbeats of these nodes, marks the nodes offline and replaces what is lost by then. Outage protection
 * is not evaluated.
 */
async function stopHeartbeats(names: string[], seconds: number): Promise<void> {
  await cp.sql(`update nodes set last_heartbeat = now() - make_interval(secs => $2) where node_id = any($1::text[])`, [
    names,
    seconds,
  ])
  await markUnreachableNodes(cp.store, cp.epoch)
  await sweepLostReplicas(cp.store, { epoch: cp.epoch, earliestSeconds })
  await cp.schedule()
}

async function drainAll(names: string[]): Promise<void> {
  for (const name of names) await (await admin()).node.drain({ id: agent.id(name), maintenance: false })
  for (let idle = 0, round = 0; idle < 2; round++) {
    if (round > 30) throw new Error('It does not come to rest')
    idle = (await cp.schedule()) === 0 ? idle + 1 : 0
    await agent.obey()
  }
}

/** "web-3 slot 1 → node-2 (0.8125)" for every replica that was placed a second time. */
async function happened(): Promise<string[]> {
  const rows = await cp.sql<{ name: string; slot: number; node: string; score: number }>(
    `select d.name, r.slot, n.node_id as node, r.score from deployment_replicas r
     join deployments d on d.id = r.deployment_id join nodes n on n.id = r.node_id where r.generation > 1 and r.wanted = 'run'`,
  )
  return rows.map(({ name, slot, node, score }) => `${name} slot ${slot} → ${node} (${score.toFixed(6)})`).sort()
}

const predicted = ({ rows }: DrillReport): string[] =>
  rows
    .flatMap(({ name, replicas }) =>
      replicas.flatMap(({ slot, to }) =>
        to === null ? [] : [`${name} slot ${slot} → ${to.nodeId} (${to.score?.toFixed(6)})`],
      ),
    )
    .sort()

/** All rows of all tables, except what reading for the drill changes. */
async function everything(): Promise<Record<string, string>> {
  const tables = await cp.sql<{ name: string }>(
    `select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
  )
  const contents: Record<string, string> = {}
  for (const { name } of tables)
    contents[name] =
      (
        await cp.sql<{ all: string }>(
          `select coalesce(string_agg(t::text, '|' order by t::text), '') as all from ${name} t`,
        )
      )[0]?.all ?? ''
  return contents
}

interface Scenario {
  names: string[]
  /** Some of these deployments have several replicas, preferences, or a short grace period. */
  deployments: Record<string, unknown>[]
}

/** A small fleet that is nearly full, and what runs on it. The same seed gives the same scenario. */
function scenario(seed: number, mode: 'fail' | 'drain'): Scenario {
  const draw = drawing(seed)
  const pick = <T>(...options: T[]): T => options[Math.floor(draw() * options.length)] as T
  const names = Array.from({ length: 8 }, (_, i) => `node-${i + 1}`)
  const deployments = Array.from({ length: 9 }, (_, i) => ({
    name: `web-${i}`,
    replicas: pick(1, 1, 2, 3),
    // Distinct priorities, because ties go by ids, which differ between runs.
    priority: Math.floor(draw() * 10) * 10 + i,
    resources: { cpu: pick(0.5, 1, 1.5, 2), memory: pick(512, 1024, 2048), storage: 10 },
    region: pick(undefined, 'us-east', 'eu-west'),
    max_per_node: pick(1, 1, 2),
    lost_after: pick(0, 700, 700, 2000),
    // During a drain heartbeats continue, and replicas placed before them no longer count as load.
    policy: mode === 'drain' ? { weights: { resources: 0.7, load: 0, locality: 0.3 } } : pick('spread', 'pack', 'near'),
    // The first deployment has no other one to be near to or apart from.
    ...pick<object>(
      {},
      {},
      { spread: [{ across: 'region', max_skew: 1 }] },
      { spread: [{ across: 'zone', weight: 80 }] },
      i === 0 ? {} : { anti_affinity: [{ deployment: `web-${i - 1}`, on: 'node', required: true }] },
      i === 0 ? {} : { affinity: [{ deployment: `web-${i - 1}`, on: 'region' }] },
      { constraints: [{ key: 'zone', op: '=', values: ['a'] }] },
    ),
  }))
  return { names, deployments }
}

async function build({ names, deployments }: Scenario): Promise<void> {
  await agent.join(
    ...names.map((name, i) => ({
      name,
      region: i % 2 === 0 ? 'us-east' : 'eu-west',
      labels: { zone: i % 4 < 2 ? 'a' : 'b' },
      cpuCores: 3,
      memoryMb: 4096,
    })),
  )
  for (const deployment of deployments) {
    await (await admin()).deployment.deploy(aDeployment(deployment))
    await cp.schedule()
  }
  await agent.obey()
  await agent.heartbeat()
}

describe('the prediction of a drill', () => {
  const seen = { moves: 0, 'no-room': 0, never: 0 }
  const tally = ({ rows }: DrillReport): void => {
    for (const { outcome } of rows) if (outcome in seen) seen[outcome as keyof typeof seen]++
  }

  test.each([1, 2, 3, 4, 5, 6])('matches what a failure then causes (%i)', async (seed) => {
    await build(scenario(seed, 'fail'))
    const failing = seed % 2 === 0 ? ['node-1', 'node-4'] : ['node-2', 'node-3', 'node-5']
    const report = await (await admin()).drill.run({ nodes: failing })
    tally(report)
    await stopHeartbeats(failing, 750)
    await stopHeartbeats(failing, 2100)
    expect(await happened()).toEqual(predicted(report))
    const unplaced = report.rows.filter(({ outcome }) => outcome === 'no-room').map(({ id }) => id)
    const failed = await cp.sql<{ id: string }>(
      `select d.id from deployments d join decisions c on c.deployment_id = d.id and c.outcome = 'refused'
       join evaluations e on e.id = c.evaluation_id where e.trigger = 'node-lost'`,
    )
    expect(failed.map(({ id }) => id).sort()).toEqual(unplaced.sort())
  })

  test.each([11, 12, 13, 14])('matches what a drain then causes (%i)', async (seed) => {
    await build(scenario(seed, 'drain'))
    const drained = ['node-1', 'node-6']
    const report = await (await admin()).drill.run({ nodes: drained, mode: 'drain' })
    tally(report)
    await drainAll(drained)
    expect(await happened()).toEqual(predicted(report))
  })

  test('covered every outcome', () => {
    expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(0)
  })
})

test('a drill writes nothing', async () => {
  await build(scenario(1, 'fail'))
  const before = await everything()
  const caller = await admin()
  const { rows } = await caller.drill.run({ regions: ['us-east'] })
  expect(rows.length).toBeGreaterThan(0)
  await caller.drill.run({ regions: ['us-east'], mode: 'drain' })
  await caller.drill.explain({ regions: ['us-east'], deployment_id: rows[0]?.id ?? '', stage: 'overridden' })
  await caller.drill.places()
  const after = await everything()
  expect(Object.keys(before)).toContain('deployment_replicas')
  expect(after).toEqual(before)
})

describe('a region that fails', () => {
  const regions = async () => {
    await agent.join(
      ...[1, 2, 3].map((i) => ({ name: `us-${i}`, region: 'us-east' })),
      ...[1, 2, 3].map((i) => ({ name: `eu-${i}`, region: 'eu-west' })),
    )
    for (const deployment of [
      { name: 'here', region: 'eu-west' },
      { name: 'there', region: 'us-east' },
      { name: 'both', replicas: 6 },
    ]) {
      await (await admin()).deployment.deploy(aDeployment(deployment))
      await cp.schedule()
    }
    await agent.obey()
  }

  test('is held by outage protection, and the drill shows the results with it and with an override', async () => {
    await regions()
    const caller = await admin()
    const report = await caller.drill.run({ regions: ['eu-west'] })
    expect(report.protections).toEqual([{ region: 'eu-west', cause: 'region', offline: 3, nodes: 3 }])
    expect(report.counts).toMatchObject({
      byOutcome: { keeps: 1, moves: 1, 'no-room': 1, guarded: 0 },
      down: 1,
      fewer: 1,
      replicas: 4,
      placed: 1,
    })
    expect(report.heldCounts).toMatchObject({ byOutcome: { keeps: 1, moves: 0, guarded: 2 }, placed: 0 })
    expect(report.rows.map(({ name, outcome, running }) => [name, outcome, running])).toEqual([
      ['both', 'no-room', { wanted: 6, now: 6, meanwhile: 3, after: 3 }],
      ['here', 'moves', { wanted: 1, now: 1, meanwhile: 0, after: 1 }],
    ])
    expect(report.rows[0]?.next).toMatch(/^It fails, and is placed once there is room/)
    expect(report.rows[0]?.refusal?.reasons.map(({ rule, count }) => [rule, count])).toEqual([
      ['status', 3],
      ['one-per-node', 3],
    ])
    const held = await caller.drill.run({ regions: ['eu-west'], stage: 'held' })
    expect(held.rows.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['here', 'guarded'],
      ['both', 'guarded'],
    ])
    // Failures of single nodes do not trigger outage protection.
    expect((await caller.drill.run({ nodes: ['eu-1'] })).protections).toEqual([])
    expect((await caller.drill.run({ regions: ['eu-west'], mode: 'drain' })).protections).toEqual([])
  })

  test('takes its capacity away, and replicas that move are reserved elsewhere', async () => {
    await regions()
    const { capacity } = await (await admin()).drill.run({ regions: ['eu-west'] })
    expect(capacity.map(({ region, before, after }) => [region, before.nodes, after.nodes])).toEqual([
      ['eu-west', 3, 0],
      ['us-east', 3, 3],
    ])
    const [, east] = capacity
    expect(east?.after.capacity).toEqual(east?.before.capacity)
    expect(east?.after.reserved.cpuMillis).toBe((east?.before.reserved.cpuMillis ?? 0) + 1000)
  })

  test('is among the weakest points, together with the nodes that most depends on', async () => {
    await regions()
    const { points, regions: all, nodes } = await (await admin()).drill.weakest()
    expect([all, nodes]).toEqual([2, 6])
    expect(points).toHaveLength(8)
    // If any node fails, there is not enough capacity for all six replicas of both; the others are down until they
    // move.
    const reported = new Map(
      points.map(({ name, kind, nodes: size, guarded, counts }) => [
        name,
        [kind, size, guarded, counts.byOutcome['no-room'], counts.down],
      ]),
    )
    expect(reported.get('eu-west')).toEqual(['region', 3, true, 1, 1])
    expect(reported.get('us-east')).toEqual(['region', 3, true, 1, 1])
    expect(points.filter(({ kind }) => kind === 'node').map(({ counts }) => counts.byOutcome['no-room'])).toEqual([
      1, 1, 1, 1, 1, 1,
    ])
    // Points with deployments that are down rank above points where replicas merely do not fit.
    expect(points.findIndex(({ counts }) => counts.down === 0)).toBe(4)
  })

  test('can be viewed by viewers, page by page, including what keeps running', async () => {
    await regions()
    const viewer = await cp.user('vera', 'viewer')
    const first = await viewer.drill.run({ regions: ['eu-west'], limit: 1 })
    expect(first).toMatchObject({ total: 2, rows: [{ name: 'both' }] })
    await cp.sql(`update nodes set cordoned = true`)
    const input = { regions: ['eu-west'], limit: 1, offset: 1 }
    // The next page belongs to the drill that was shown, not to a new one.
    expect((await viewer.drill.run({ ...input, taken_at: first.takenAt })).rows).toMatchObject([
      { name: 'here', outcome: 'moves' },
    ])
    expect((await viewer.drill.run({ ...input, offset: 0 })).rows).toMatchObject([{ name: 'here', outcome: 'no-room' }])
    expect((await viewer.drill.run({ ...input, offset: 0, show: 'keeps' })).rows).toMatchObject([{ name: 'there' }])
  })
})

test('an empty or unknown selection is refused', async () => {
  await agent.join({ name: 'node-1', labels: { zone: 'a' } })
  const caller = await admin()
  await expect(caller.drill.run({})).rejects.toThrow('Pick at least one node, region or zone')
  await expect(caller.drill.run({ nodes: ['node-1', 'nod-2'] })).rejects.toThrow('There is no node nod-2')
  await expect(caller.drill.run({ regions: ['mars'] })).rejects.toThrow('There is no region mars')
  await expect(caller.drill.run({ zones: ['a'] })).rejects.toThrow('There is no zone a')
  await expect(caller.drill.run({ nodes: Array.from({ length: 51 }, String) })).rejects.toThrow('At most 50 nodes')
  expect(await caller.drill.run({ zones: ['us-east/a'], nodes: [agent.id('node-1')] })).toMatchObject({
    nodes: 1,
    picked: { nodes: ['node-1'], regions: [], zones: ['us-east/a'] },
    rows: [],
  })
  expect(await caller.drill.places()).toEqual({
    regions: [{ name: 'us-east', nodes: 1 }],
    zones: [{ name: 'us-east/a', nodes: 1 }],
  })
  await expect((await cp.as(null)).drill.places()).rejects.toThrow('Sign in')
})

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { judgeOutage } from '@/server/store/node-loss/outage-protection'
import { systemAuthor } from '@/server/store/records/audit'
import { writeSettings } from '@/server/store/records/settings'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
  // Only the nodes that a test silences go offline, however slow the machine is.
  const heartbeat = { everySeconds: 5, limitSeconds: 600 }
  await writeSettings(cp.store, systemAuthor, { heartbeat })
})
afterEach(() => cp.close())

const earliestSeconds = 22

const epoch = async () =>
  BigInt((await cp.sql<{ epoch: string }>('select epoch from scheduler_leadership'))[0]?.epoch ?? 0)

/** What the leader does every second. */
const sweep = async () => {
  await markUnreachableNodes(cp.store, await epoch())
  const outages = await judgeOutage(cp.store, await epoch())
  const { lost } = await sweepLostReplicas(cp.store, { epoch: await epoch(), earliestSeconds })
  return { ...outages, lost }
}

/** Sets the last heartbeat of these nodes to `seconds` ago. */
const stopHeartbeats = (names: string[], seconds: number) =>
  cp.sql(`update nodes set last_heartbeat = now() - make_interval(secs => $2) where node_id = any($1::text[])`, [
    names,
    seconds,
  ])

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i + 1}`)

/** Agents that can be cut off separately, with a replica on every node. */
const fleet = async (regions: Record<string, Record<string, number>>) => {
  const agents = new Map<string, FakeAgent>()
  for (const [region, groups] of Object.entries(regions))
    for (const [group, count] of Object.entries(groups))
      agents.set(group, await new FakeAgent(cp).join(...names(group, count).map((name) => ({ name, region }))))
  return (group: string): FakeAgent => agents.get(group) ?? expect.fail(`there is no group ${group}`)
}

const deploy = async (overrides: Record<string, unknown> = {}) =>
  (await (await cp.as('admin')).deployment.deploy(aDeployment(overrides))).deployment_id

const replicas = () =>
  cp.sql<{ node: string; status: string; generation: number; wanted: string }>(
    `select n.node_id as node, r.status, r.generation, r.wanted from deployment_replicas r join nodes n on n.id = r.node_id order by 1, 3`,
  )

const protections = async () => (await cp.as('admin')).outage.list()

describe('an offline node', () => {
  test('has its replicas replaced by an evaluation and a decision of their own, after the grace period of the deployment', async () => {
    const agent = await fleet({ 'us-east': { a: 1, b: 3 } })
    const [quick, slow, never] = [
      await deploy({ name: 'quick', lost_after: 700 }),
      await deploy({ name: 'slow', lost_after: 2000 }),
      await deploy({ name: 'never', lost_after: 0 }),
    ]
    await cp.sql(`update nodes set cordoned = node_id <> 'a-1'`)
    await cp.schedule()
    await agent('a').obey()
    await cp.sql(`update nodes set cordoned = false`)
    await stopHeartbeats(['a-1'], 650)
    expect((await sweep()).lost).toEqual([])
    await stopHeartbeats(['a-1'], 750)
    expect((await sweep()).lost).toMatchObject([
      { nodeName: 'a-1', reason: 'Node a-1 has been offline for over 700 s' },
    ])
    await cp.schedule()
    const decided = await cp.sql<{ deployment_id: string; trigger: string }>(
      `select d.deployment_id, e.trigger from decisions d join evaluations e on e.id = d.evaluation_id order by d.created_at desc limit 1`,
    )
    expect(decided).toEqual([{ deployment_id: quick, trigger: 'node-lost' }])
    await stopHeartbeats(['a-1'], 2100)
    expect((await sweep()).lost).toHaveLength(1)
    await stopHeartbeats(['a-1'], 80_000)
    expect((await sweep()).lost).toEqual([])
    const live = await cp.sql<{ deployment_id: string }>(
      `select deployment_id from deployment_replicas r join nodes n on n.id = r.node_id where n.node_id = 'a-1' and r.wanted = 'run'`,
    )
    expect(live).toEqual([{ deployment_id: never }])
    expect(slow).not.toBe(never)
  })

  test('is not judged before all nodes that failed with it can be seen, however short the grace period', async () => {
    const agent = await fleet({ 'us-east': { a: 1, b: 1 } })
    await deploy({ lost_after: 1, replicas: 2 })
    await cp.schedule()
    await agent('a').obey()
    await agent('b').obey()
    const earliest = { epoch: await epoch(), earliestSeconds: 1000 }
    await stopHeartbeats(['a-1'], 800)
    await markUnreachableNodes(cp.store, await epoch())
    expect((await sweepLostReplicas(cp.store, earliest)).lost).toEqual([])
    await stopHeartbeats(['a-1'], 1001)
    expect((await sweepLostReplicas(cp.store, earliest)).lost).toHaveLength(1)
  })

  test('is judged by the configured limit, and agents learn the interval', async () => {
    const agent = await fleet({ 'us-east': { a: 1, b: 1 } })
    const admin = await cp.as('admin')
    await admin.settings.setHeartbeat({ everySeconds: 20, limitSeconds: 500 })
    expect(await agent('a').heartbeat()).toMatchObject({ heartbeatSeconds: 20 })
    await stopHeartbeats(['a-1'], 300)
    expect(await markUnreachableNodes(cp.store, await epoch())).toEqual([])
    expect((await admin.node.get({ id: agent('a').id('a-1') })).stale).toBe(false)
    await stopHeartbeats(['a-1'], 550)
    expect(await markUnreachableNodes(cp.store, await epoch())).toMatchObject([
      { nodeId: 'a-1', offlineSeconds: expect.toSatisfy((seconds: number) => seconds >= 550) },
    ])
    await expect(admin.settings.setHeartbeat({ everySeconds: 20, limitSeconds: 39 })).rejects.toThrow('twice')
  })
})

describe('outage protection', () => {
  const cut = names('cut', 8)
  const outage = async () => {
    const agent = await fleet({ 'eu-west': { cut: 8, whole: 4 }, 'us-east': { far: 12 } })
    const id = await deploy({ replicas: 24, lost_after: 300 })
    await cp.schedule()
    for (const group of ['cut', 'whole', 'far']) await agent(group).obey()
    return { agent, id }
  }
  const heal = (agent: FakeAgent) => agent.heartbeat()

  test('holds a region of which most nodes are offline, and is lifted without any move when they return', async () => {
    const { agent } = await outage()
    const before = await replicas()
    expect(before).toHaveLength(24)
    await stopHeartbeats(cut, 700)
    expect(await sweep()).toMatchObject({ engaged: [{ region: 'eu-west', cause: 'region', offline: 8, nodes: 12 }] })
    await stopHeartbeats(cut, 900)
    expect(await sweep()).toMatchObject({ engaged: [], released: [], lost: [] })
    expect(await protections()).toMatchObject([{ region: 'eu-west', offline: 8, nodes: 12, overridden: null }])
    await heal(agent('cut'))
    expect(await sweep()).toMatchObject({ engaged: [], released: [{ region: 'eu-west', offline: 0 }], lost: [] })
    expect(await protections()).toEqual([])
    expect(await cp.schedule()).toBe(0)
    expect(await replicas()).toEqual(before)
  })

  test('continues under the next leader', async () => {
    await outage()
    await stopHeartbeats(cut, 700)
    await sweep()
    await cp.sql('update scheduler_leadership set epoch = epoch + 1')
    // Much later, when nothing counts as a recent outage any more.
    await cp.sql(`update nodes set offline_since = offline_since - interval '1 hour' where status = 'offline'`)
    await cp.sql(`update outage_protections set began_at = began_at - interval '1 hour'`)
    await stopHeartbeats(cut, 3_600)
    expect(await sweep()).toMatchObject({ engaged: [], released: [], lost: [] })
    await expect(judgeOutage(cp.store, (await epoch()) - 1n)).rejects.toThrow('Another scheduler leads')
  })

  test('does not stop the replacement of a single node elsewhere', async () => {
    await outage()
    await stopHeartbeats(cut, 700)
    await sweep()
    await stopHeartbeats(['far-1'], 700)
    expect((await sweep()).lost).toMatchObject([{ nodeName: 'far-1' }])
  })

  test('gives nodes that are still offline their full grace period again once it is lifted', async () => {
    const { agent } = await outage()
    await stopHeartbeats(cut, 900)
    await sweep()
    await heal(agent('cut'))
    await stopHeartbeats(['cut-1', 'cut-2'], 700)
    await cp.sql(`update nodes set status = 'offline', offline_since = now() where node_id in ('cut-1', 'cut-2')`)
    expect(await sweep()).toMatchObject({ released: [{ region: 'eu-west', offline: 2, nodes: 12 }], lost: [] })
    expect((await sweep()).lost).toEqual([])
    await cp.sql(`update nodes set offline_counted_from = now() - interval '301 seconds' where status = 'offline'`)
    expect((await sweep()).lost).toHaveLength(2)
  })

  test('can be overridden by an operator who has seen what would move, which is recorded', async () => {
    await outage()
    await stopHeartbeats(cut, 900)
    await sweep()
    const operator = await cp.user('olga', 'operator')
    const { total, moves } = await operator.outage.moves({ region: 'eu-west' })
    expect(total).toBe(8)
    expect(moves.map((move) => move.nodeId).sort()).toEqual(cut)
    await operator.outage.override({ region: 'eu-west' })
    const { lost } = await sweep()
    expect(lost.map((one) => one.id).sort()).toEqual(moves.map((move) => move.replicaId).sort())
    expect(await protections()).toMatchObject([{ overridden: { by: 'olga' } }])
    expect(
      await cp.sql(`select actor, subject_id, after from audit_log where action = 'outage-protection.override'`),
    ).toEqual([{ actor: 'olga', subject_id: 'eu-west', after: { held: false, offlineNodes: 8 } }])
    // Protection does not become active again for the same outage.
    expect(await sweep()).toMatchObject({ engaged: [] })
  })

  test('cannot be overridden by a viewer, nor by anybody when it is not active', async () => {
    await outage()
    const viewer = await cp.user('vera', 'viewer')
    await expect(viewer.outage.override({ region: 'eu-west' })).rejects.toThrow('may not')
    await expect((await cp.as('admin')).outage.override({ region: 'eu-west' })).rejects.toThrow(
      'is not active any more',
    )
  })

  test('nothing is declared lost while no node at all is online', async () => {
    const agent = await fleet({ 'us-east': { only: 1 } })
    const id = await deploy()
    await cp.schedule()
    await agent('only').obey()
    await stopHeartbeats(['only-1'], 900)
    expect(await sweep()).toMatchObject({ engaged: [{ region: 'us-east', cause: 'fleet' }], lost: [] })
    const detail = await (await cp.as('admin')).deployment.detail({ id })
    expect(detail).toMatchObject({ status: 'running', health: 'unknown' })
  })
})

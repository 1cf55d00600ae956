import { afterEach, beforeEach, expect, test } from 'vitest'
import type { DesiredReplica } from '@/core/agents/protocol'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { systemAuthor } from '@/server/store/records/audit'
import { writeSettings } from '@/server/store/records/settings'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let node: FakeAgent
let other: FakeAgent
beforeEach(async () => {
  cp = await testControlPlane()
  // Only the node that a test silences goes offline, however slow the machine is.
  await writeSettings(cp.store, systemAuthor, { heartbeat: { everySeconds: 5, limitSeconds: 300 } })
  node = await new FakeAgent(cp).join({ name: 'away-1', cpuCores: 16, memoryMb: 32_768 })
  other = await new FakeAgent(cp).join({ name: 'near-1' }, { name: 'near-2' })
})
afterEach(() => cp.close())

/** Runs every replica on away-1, and returns them as its agent knows them, by deployment. */
async function runAway(deployments: Record<string, Record<string, unknown>>) {
  await cp.sql(`update nodes set cordoned = node_id <> 'away-1'`)
  const admin = await cp.as('admin')
  const ids = new Map<string, string>()
  for (const [name, overrides] of Object.entries(deployments))
    ids.set(name, (await admin.deployment.deploy(aDeployment({ name, ...overrides }))).deployment_id)
  await cp.schedule()
  await node.obey()
  await cp.sql('update nodes set cordoned = false')
  const known = new Map((await node.wanted()).map((replica) => [replica.deploymentName, replica]))
  return {
    id: (name: string): string => ids.get(name) ?? expect.fail(name),
    replica: (name: string): DesiredReplica & { nodeId: string } => known.get(name) ?? expect.fail(name),
  }
}

async function goOffline(seconds: number) {
  await cp.sql(`update nodes set last_heartbeat = now() - make_interval(secs => $1) where node_id = 'away-1'`, [
    seconds,
  ])
  await markUnreachableNodes(cp.store, cp.epoch)
  await sweepLostReplicas(cp.store, { epoch: cp.epoch, earliestSeconds: 22 })
  await cp.schedule()
  await other.obey()
}

const returns = async () => (await cp.as('admin')).node.returns({ id: node.id('away-1') })
const reported = (replicas: { deploymentName: string; plan: string; outcome: string | null; why: string }[]) =>
  replicas.map(({ deploymentName, plan, outcome, why }) => [deploymentName, plan, outcome, why])

test('predicts what a return will do, and then records what it did to each replica and why', async () => {
  const { id, replica } = await runAway({
    crashed: { lost_after: 0 },
    deleted: { lost_after: 0 },
    moved: {},
    stays: { lost_after: 0 },
  })
  expect(await returns()).toEqual({ awaited: null, returns: [] })
  await goOffline(600)
  await (await cp.as('admin')).deployment.delete({ deployment_id: id('deleted') })
  const kept = 'Still wanted here: its container is adopted'
  const replaced = expect.stringMatching(/^Replaced by generation 2 on near-[12] while the node was offline$/)
  expect(reported((await returns()).awaited ?? [])).toEqual([
    ['crashed', 'keep', null, kept],
    ['deleted', 'stop', null, 'Its deployment was deleted'],
    ['moved', 'stop', null, replaced],
    ['stays', 'keep', null, kept],
  ])

  // The agent's own clock is an hour fast, and the crash was five minutes before it could report.
  const sentAt = new Date(Date.now() + 3_600_000)
  const observedAt = new Date(sentAt.getTime() - 300_000).toISOString()
  const crash = { status: 'failed', reason: 'exited with code 3', exitCode: 3, gone: true, observedAt } as const
  await node.report(replica('crashed'), crash, sentAt.toISOString())
  // The agent may not know that it was offline, so the answer asks for its nodes' containers.
  expect((await node.heartbeat()).returned).toEqual([...node.nodes.values()])
  expect((await node.heartbeat()).returned).toEqual([])
  await node.obey()
  const after = await returns()
  expect(after.awaited).toBeNull()
  expect(after.returns).toHaveLength(1)
  expect(reported(after.returns[0]?.replicas ?? [])).toEqual([
    ['crashed', 'keep', 'failed', 'exited with code 3'],
    ['deleted', 'stop', 'stopped', 'Its deployment was deleted'],
    ['moved', 'stop', 'stopped', replaced],
    ['stays', 'keep', 'kept', 'Started'],
  ])

  const [step] = await cp.sql<{ ago: number }>(
    `select extract(epoch from now() - changed_at)::float8 as ago from replica_status_history
     where replica_id = $1 and new_status = 'failed'`,
    [replica('crashed').replicaId],
  )
  // No time before the placement of the replica is accepted.
  const [placed] = await cp.sql<{ ago: number }>(
    `select extract(epoch from now() - max(changed_at))::float8 as ago from replica_status_history
     where replica_id = $1 and new_status = 'running'`,
    [replica('crashed').replicaId],
  )
  expect(step?.ago).toBeCloseTo(placed?.ago ?? 0, 1)
  expect(
    await cp.sql(`select 1 from deployment_replicas r join nodes n on n.id = r.node_id
    where n.node_id = 'away-1' and r.reserved and r.wanted = 'stop'`),
  ).toEqual([])
})

test('an event during the outage is in the timeline at the time when the agent saw it', async () => {
  const { id, replica } = await runAway({ crashed: { lost_after: 0 } })
  await cp.sql(`update replica_status_history set changed_at = now() - interval '1 hour'`)
  await goOffline(600)
  const sentAt = new Date('2001-01-01T00:00:00Z')
  const observedAt = new Date(sentAt.getTime() - 300_000).toISOString()
  const from = Date.now()
  await node.report(
    replica('crashed'),
    { status: 'failed', reason: 'exited with code 3', gone: true, observedAt },
    sentAt.toISOString(),
  )
  const { replicas } = await (await cp.as('admin')).deployment.timeline({ id: id('crashed') })
  const failed = replicas.find((step) => step.newStatus === 'failed')
  const seenMs = Date.parse(failed?.changedAt ?? '')
  expect(seenMs).toBeGreaterThanOrEqual(from - 300_000)
  expect(seenMs).toBeLessThanOrEqual(Date.now() - 300_000)
})

test('a lost replica that had also failed by itself has ended, and its message is kept', async () => {
  const { replica } = await runAway({ moved: {} })
  await goOffline(600)
  await node.report(replica('moved'), { status: 'failed', reason: 'exited with code 3', gone: true })
  const rows = await cp.sql(`select status, reserved, reason from deployment_replicas where id = $1`, [
    replica('moved').replicaId,
  ])
  expect(rows).toEqual([
    {
      status: 'stopped',
      reserved: false,
      reason: 'Had ended by itself while its node was offline: exited with code 3',
    },
  ])
  expect(reported((await returns()).returns[0]?.replicas ?? [])).toEqual([
    ['moved', 'stop', 'failed', 'exited with code 3'],
  ])
})

test('no two live copies: the answer to the first heartbeat stops every replica that was replaced', async () => {
  const { id } = await runAway({ moved: {} })
  await goOffline(600)
  const { stale } = await node.heartbeat()
  expect(stale.flatMap((state) => state.replicas).map(({ generation, wanted }) => [generation, wanted])).toEqual([
    [1, 'stop'],
  ])
  await node.obey()
  const live = await cp.sql(`select generation from deployment_replicas where deployment_id = $1 and reserved`, [
    id('moved'),
  ])
  expect(live).toEqual([{ generation: 2 }])
})

test('another agent that names a replica of an offline node writes nothing, and causes no return', async () => {
  const { replica } = await runAway({ held: { lost_after: 0 } })
  await goOffline(600)
  const [nodeId = ''] = [...other.nodes.values()]
  for (const named of [nodeId, node.id('away-1')]) {
    const { unknown } = await other.report(
      { nodeId: named, replicaId: replica('held').replicaId },
      { status: 'failed' },
    )
    expect(unknown).toEqual([replica('held').replicaId])
  }
  expect((await returns()).returns).toEqual([])
  expect(await cp.sql('select status from deployment_replicas')).toEqual([{ status: 'running' }])
})

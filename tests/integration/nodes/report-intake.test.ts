/**
 * Slowness is never taken for failure: deadlines of agents count only time in which a server could have received them.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { showIntake } from '@/server/api/agents/intake'
import { renderMetrics } from '@/server/api/http/metrics'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { noteDeliveries, sweepLostReplicas } from '@/server/store/node-loss/lost'
import { judgeOutage } from '@/server/store/node-loss/outage-protection'
import { databaseTime, intakeState, markIntake } from '@/server/store/nodes/report-intake'
import { systemAuthor } from '@/server/store/records/audit'
import { writeSettings } from '@/server/store/records/settings'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
/** So long that no pause of this machine comes near it. */
const limitSeconds = 300

beforeEach(async () => {
  cp = await testControlPlane()
  await writeSettings(cp.store, systemAuthor, { heartbeat: { everySeconds: 5, limitSeconds } })
})
afterEach(() => cp.close())

/** What the leader does every second. */
const sweep = async () => {
  const offline = (await markUnreachableNodes(cp.store, cp.epoch)).map(({ nodeId }) => nodeId)
  const { engaged } = await judgeOutage(cp.store, cp.epoch)
  await noteDeliveries(cp.store, cp.epoch)
  const { lost } = await sweepLostReplicas(cp.store, { epoch: cp.epoch, earliestSeconds: limitSeconds })
  return { offline, engaged, lost: lost.map(({ reason }) => reason) }
}

const nothing = { offline: [], engaged: [], lost: [] }

const secondsAgo = async (seconds: number) => new Date((await databaseTime(cp.store)).getTime() - seconds * 1000)

/** Sets the last heartbeat of every node to `seconds` ago. */
const stopHeartbeats = (seconds: number) =>
  cp.sql(`update nodes set last_heartbeat = now() - make_interval(secs => $1)`, [seconds])

/** Servers recorded everything until `fromSecondsAgo`, nothing until `untilSecondsAgo`, and everything since. */
const gap = async (fromSecondsAgo: number, untilSecondsAgo: number) => {
  const until = await secondsAgo(untilSecondsAgo)
  const began = await secondsAgo(fromSecondsAgo)
  await cp.sql('update report_intake set heartbeats_until = $1, reports_until = $1', [began])
  const { gapSeconds } = await markIntake(cp.store, {
    heartbeatsUntil: until,
    reportsUntil: until,
    unbrokenSince: until,
  })
  await upToDate()
  return Math.round(gapSeconds)
}

const upToDate = () => cp.sql(`update report_intake set heartbeats_until = 'infinity', reports_until = 'infinity'`)

const aFleet = () =>
  new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' }, { name: 'node-04' })

describe('a node', () => {
  test('is not offline while no server takes heartbeats, however long that lasts', async () => {
    await aFleet()
    const admin = await cp.as('admin')
    await stopHeartbeats(10_000)
    await cp.sql('update report_intake set heartbeats_until = $1', [await secondsAgo(9_900)])
    expect(await sweep()).toEqual(nothing)
    await cp.sql('update report_intake set heartbeats_until = null')
    expect(await sweep()).toEqual(nothing)
    expect((await admin.node.list()).map(({ stale }) => stale)).toEqual(Array(4).fill(false))
    await upToDate()
    expect((await sweep()).offline).toHaveLength(4)
  })

  test('has its full limit again after a gap, and is offline after that', async () => {
    await aFleet()
    await stopHeartbeats(9_000)
    expect(await gap(8_990, 200)).toBe(8_790)
    expect(await sweep()).toEqual(nothing)
    // As if the time after the gap had passed.
    await cp.sql(`update report_intake set resumed_at = resumed_at - interval '200 seconds'`)
    await cp.sql(`update report_intake_gaps set ended_at = ended_at - interval '200 seconds'`)
    expect((await sweep()).offline).toHaveLength(4)
  })

  test('is offline in time when servers were slow only for a moment', async () => {
    await aFleet()
    await stopHeartbeats(400)
    expect(await gap(200, 140)).toBe(60)
    expect((await sweep()).offline).toHaveLength(4)
  })

  test('is offline eventually, however often servers are away', async () => {
    await aFleet()
    await stopHeartbeats(3_000)
    for (const from of [2_900, 2_500, 2_000, 1_500, 1_000]) expect(await gap(from, from - 200)).toBe(200)
    expect(await gap(300, 100)).toBe(200)
    // Servers could have received heartbeats for 1,800 s in all, which is more than four limits.
    expect((await sweep()).offline).toHaveLength(4)
  })

  test('that is offline keeps its replicas through a gap', async () => {
    await aFleet()
    await (await cp.as('admin')).deployment.deploy(aDeployment({ replicas: 4, lost_after: 400 }))
    await cp.schedule()
    await cp.sql(`update deployment_replicas set status = 'running', acknowledged_at = now()`)
    await stopHeartbeats(380)
    expect(await sweep()).toMatchObject({ offline: { length: 4 }, lost: [] })
    await cp.sql(`update outage_protections set overridden_at = now(), overridden_by = 'admin'`)
    await stopHeartbeats(380 + 900)
    expect(await gap(905, 5)).toBe(900)
    expect((await sweep()).lost).toEqual([])
    await stopHeartbeats(380 + 900 + 1_000)
    expect((await sweep()).lost).toHaveLength(4)
  })
})

describe('an acknowledgement', () => {
  const placed = async () => {
    const agent = await aFleet()
    await (await cp.as('admin')).deployment.deploy(aDeployment({ replicas: 4 }))
    await cp.schedule()
    await cp.sql(`update deployment_replicas set created_at = created_at - interval '100 seconds'`)
    return agent
  }
  /** Sets the recorded deliveries to `seconds` ago. */
  const since = (seconds: number) =>
    cp.sql('update deployment_replicas set delivered_at = delivered_at - make_interval(secs => $1)', [seconds])
  const notSeen = /did not acknowledge it within 30 s$/

  test('is not due before the agent knows of the replica', async () => {
    const agent = await placed()
    await agent.heartbeat({ revision: '0' })
    expect(await sweep()).toEqual(nothing)
    const [node] = await cp.sql<{ revision: string }>('select max(wanted_revision)::text as revision from nodes')
    await agent.heartbeat({ revision: node?.revision ?? '' })
    expect(await sweep()).toEqual(nothing)
    expect(await cp.sql('select 1 from deployment_replicas where delivered_at is not null')).toHaveLength(4)
    await since(31)
    expect((await sweep()).lost).toEqual(Array(4).fill(expect.stringMatching(notSeen)))
  })

  test('is not due while the agent has reports that no server took', async () => {
    const agent = await placed()
    await agent.heartbeat({ revision: '999', reportsWaiting: true })
    await sweep()
    await since(500)
    expect(await sweep()).toEqual(nothing)
    await cp.sql(`update nodes set reports_waiting_at = reports_waiting_at - interval '31 seconds'`)
    await agent.heartbeat({ revision: '999' })
    expect((await sweep()).lost).toHaveLength(4)
  })

  test('is not due while reports are recorded late, and its deadline continues after a gap', async () => {
    const agent = await placed()
    await agent.heartbeat({ revision: '999' })
    await sweep()
    await since(80)
    await cp.sql('update report_intake set reports_until = $1', [await secondsAgo(60)])
    expect(await sweep()).toEqual(nothing)
    expect(await gap(70, 1)).toBe(69)
    expect(await sweep()).toEqual(nothing)
    await since(60)
    expect((await sweep()).lost).toHaveLength(4)
  })

  test('of an agent that never learns of the replica is given up eventually', async () => {
    const agent = await placed()
    await agent.heartbeat({ revision: '0' })
    await cp.sql(`update deployment_replicas set created_at = created_at - interval '501 seconds'`)
    expect((await sweep()).lost).toEqual(Array(4).fill(expect.stringMatching(/could not be told of it within 600 s$/)))
  })
})

describe('a server', () => {
  test('shows up to when it recorded what agents sent, and shows a failure', async () => {
    await cp.sql('update report_intake set heartbeats_until = null, reports_until = null')
    const stopping = new AbortController()
    let reached: () => Promise<void> = () => Promise.resolve()
    const { inbox, log, store } = cp.services
    showIntake({ store, inbox, log, reachSelf: () => reached() }, stopping.signal)
    try {
      const delay = async () => (await intakeState(store)).heartbeatDelaySeconds ?? Number.POSITIVE_INFINITY
      const untilShown = async () => {
        const [before] = await cp.sql<{ until: Date }>(
          'select coalesce(heartbeats_until, to_timestamp(0)) as until from report_intake',
        )
        const moved = async () =>
          (
            await cp.sql(`select 1 from report_intake where heartbeats_until > $1 and reports_until > $1`, [
              before?.until,
            ])
          ).length
        await expect.poll(moved, { timeout: 60_000 }).toBe(1)
      }
      await untilShown()
      expect(await delay()).toBeLessThan(60)
      // Nothing gets through.
      reached = () => Promise.reject(new Error('refused'))
      await cp.sql(`update report_intake set heartbeats_until = now() - interval '500 seconds'`)
      await expect.poll(delay).toBeGreaterThan(499)
      expect(await (await cp.as('admin')).intake.behind()).toMatch(
        /^The control plane is behind: heartbeats are recorded 5\d\d s late/,
      )
      expect((await renderMetrics(cp.services)).body).toMatch(/^fogdeck_control_plane_behind 1$/m)
      reached = () => Promise.resolve()
      await untilShown()
      expect(await intakeState(store)).toMatchObject({ gap: { seconds: expect.toSatisfy((s: number) => s > 400) } })
      expect(await (await cp.as('admin')).intake.behind()).toMatch(
        /^The control plane was away: it took no heartbeats for/,
      )
      expect(cp.logged.filter((line) => line.startsWith('No heartbeats were taken for'))).toHaveLength(1)
    } finally {
      stopping.abort()
    }
  })
})

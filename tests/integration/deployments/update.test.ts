import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { aDeployment, adminPassword, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let agent: FakeAgent

beforeEach(async () => {
  cp = await testControlPlane()
  agent = new FakeAgent(cp)
})
afterEach(() => cp.close())

const admin = () => cp.as('admin')
const detail = async (id: string) => (await admin()).deployment.detail({ id })
const update = async (id: string, fields: object) => (await admin()).deployment.update({ deployment_id: id, ...fields })

const reasons = async (id: string) =>
  (
    await cp.sql<{ reason: string }>(
      'select reason from deployment_status_history where deployment_id = $1 order by seq',
      [id],
    )
  ).map((row) => row.reason)

/** Runs on all nodes unless the test says otherwise. */
async function deployed(overrides: Record<string, unknown> = {}): Promise<string> {
  const { deployment_id: id } = await (await admin()).deployment.deploy(
    aDeployment({ container_image: 'web:1', replicas: 3, ...overrides }),
  )
  await cp.schedule()
  await agent.obey()
  expect((await detail(id)).status).toBe('running')
  return id
}

const nodes = (count: number, overrides = {}) =>
  agent.join(...Array.from({ length: count }, (_, i) => ({ name: `node-0${i + 1}`, ...overrides })))

/** The images of the desired containers that run, by slot. */
const images = async () =>
  (await agent.wanted())
    .filter((replica) => replica.wanted === 'run')
    .sort((a, b) => a.slot - b.slot || a.generation - b.generation)
    .map((replica) => `${replica.slot}:${replica.image}`)

/**
 * Lets scheduler and agents work until nothing is left to do. Returns the highest number of desired containers at once.
 */
async function settle(): Promise<number> {
  let most = 0
  let idle = 0
  for (let round = 0; round < 30; round++) {
    const done = await cp.schedule()
    const wanted = (await agent.wanted()).filter((replica) => replica.wanted === 'run')
    most = Math.max(most, wanted.length)
    await agent.obey()
    // Reports of this round may have caused more work.
    idle = done === 0 ? idle + 1 : 0
    if (idle === 2) return most
  }
  throw new Error('The deployment does not come to rest')
}

describe('an update', () => {
  test('replaces one replica at a time, and never has fewer running than desired', async () => {
    await nodes(4)
    const id = await deployed()
    const answer = await update(id, { container_image: 'web:2' })
    expect(answer).toMatchObject({
      status: 'pending',
      revision: 2,
      changes: [{ what: 'image', from: 'web:1', to: 'web:2' }],
    })
    await cp.schedule()
    expect(await images()).toEqual(['0:web:1', '0:web:2', '1:web:1', '2:web:1'])
    expect((await detail(id)).status).toBe('scheduled')
    // Nothing more happens until the first replacement was seen running.
    expect(await cp.schedule()).toBe(0)
    await agent.obey()
    await cp.schedule()
    expect(await images()).toEqual(['0:web:2', '1:web:1', '1:web:2', '2:web:1'])
    expect(await settle()).toBeLessThanOrEqual(4)
    expect(await images()).toEqual(['0:web:2', '1:web:2', '2:web:2'])
    expect(await detail(id)).toMatchObject({ status: 'running', health: 'healthy', runningReplicas: 3, revision: 2 })
    expect(await reasons(id)).toEqual([
      'Deployment accepted',
      'Scheduled 3 replicas',
      'All 3 replicas started',
      'Updating to revision 2: image web:1 → web:2',
      'Scheduled 1 of 3 replicas',
      'All 3 replicas started',
    ])
  })

  test('works without a spare node by replacing a replica where it is', async () => {
    await nodes(1)
    const id = await deployed({ replicas: 1 })
    await update(id, { container_image: 'web:2' })
    await settle()
    expect(await images()).toEqual(['0:web:2'])
    expect((await detail(id)).status).toBe('running')
  })

  test('waits for a health check before it stops the old replica', async () => {
    await nodes(1)
    const id = await deployed({ replicas: 1 })
    await update(id, { container_image: 'web:2' })
    await cp.schedule()
    const next = (await agent.wanted()).find((replica) => replica.image === 'web:2')
    if (!next) throw new Error('the new revision was to be placed')
    await agent.report(next, { health: 'starting' })
    await cp.schedule()
    expect(await images()).toEqual(['0:web:1', '0:web:2'])
    await agent.report(next, { health: 'healthy' })
    await cp.schedule()
    expect(await images()).toEqual(['0:web:2'])
  })

  test('to a bad image pauses with the engine’s message, and keeps every old replica running', async () => {
    await nodes(4)
    const id = await deployed()
    await update(id, { container_image: 'web:3' })
    for (let round = 0; round < 5; round++) {
      await cp.schedule()
      for (const replica of await agent.wanted())
        if (replica.image === 'web:3')
          await agent.report(replica, { status: 'failed', reason: 'manifest unknown', gone: true, startedAt: null })
      await cp.makeDue()
      cp.advance(60_000)
    }
    const paused = await detail(id)
    expect(paused).toMatchObject({
      status: 'failed',
      health: 'healthy',
      runningReplicas: 3,
      reason: 'Update to revision 2 halted: replica 1 failed 3 times: manifest unknown; revision 1 keeps running',
    })
    expect(await images()).toEqual(['0:web:1', '1:web:1', '2:web:1'])
  })

  test('without enough capacity pauses, and keeps the old replicas running', async () => {
    await nodes(2, { cpuCores: 4 })
    const id = await deployed({ replicas: 2 })
    await update(id, { resources: { cpu: 4, memory: 1024 } })
    await cp.schedule()
    expect(await detail(id)).toMatchObject({
      status: 'failed',
      runningReplicas: 2,
      reason: 'Updating replica 1 to revision 2: Insufficient nodes: need 1, found 0 with capacity',
    })
    expect(cp.logged).toContain(`Deployment ${id} scheduling failed: Insufficient capacity`)
  })

  test('is not blocked by capacity that replaced replicas still hold', async () => {
    // There is space for one replica beside the two, so each step needs what the previous one released.
    await nodes(1, { cpuCores: 3 })
    const id = await deployed({ replicas: 2, max_per_node: 2 })
    await update(id, { container_image: 'web:2' })
    await cp.schedule()
    for (const replica of await agent.wanted()) if (replica.wanted === 'run') await agent.report(replica, {})
    await cp.schedule()
    expect((await detail(id)).status).toBe('scheduled')
    await settle()
    expect(await images()).toEqual(['0:web:2', '1:web:2'])
    expect((await detail(id)).status).toBe('running')
  })

  test('merges the environment: unnamed variables stay, null removes one, and no answer contains a value', async () => {
    await nodes(1)
    const id = await deployed({ replicas: 1, env: { KEEP: 'one', CHANGE: 'two', DROP: 'three' } })
    await update(id, { env: { CHANGE: 'secret-value', DROP: null, NEW: 'four' } })
    await settle()
    const [replica] = await agent.wanted()
    expect(replica?.env).toEqual({ KEEP: 'one', CHANGE: 'secret-value', NEW: 'four' })
    const revisions = await (await admin()).deployment.revisions({ id })
    expect(revisions[0]?.spec.envNames.sort()).toEqual(['CHANGE', 'KEEP', 'NEW'])
    const reported = JSON.stringify([revisions, await detail(id), await cp.sql('select * from audit_log')])
    expect(reported).toContain('CHANGE')
    expect(reported).not.toContain('secret-value')
  })

  test('without a difference creates no revision and changes nothing', async () => {
    await nodes(1)
    const id = await deployed({ replicas: 1 })
    expect(await update(id, { container_image: 'web:1', region: null })).toMatchObject({ revision: 1, changes: [] })
    expect(await cp.schedule()).toBe(0)
    expect((await detail(id)).status).toBe('running')
  })

  test('of a stopped deployment takes effect at Start, with as many replicas as before', async () => {
    await nodes(2)
    const id = await deployed({ replicas: 2 })
    await (await admin()).deployment.scale({ deployment_id: id, replicas: 0 })
    await settle()
    expect(await detail(id)).toMatchObject({ status: 'stopped', startReplicas: 2 })
    await update(id, { container_image: 'web:2' })
    await settle()
    expect((await detail(id)).status).toBe('stopped')
    await (await admin()).deployment.scale({ deployment_id: id, replicas: 2 })
    await settle()
    expect(await images()).toEqual(['0:web:2', '1:web:2'])
  })

  test('replaces replicas of a lost node by the new revision', async () => {
    await nodes(3)
    const id = await deployed({ replicas: 2 })
    await update(id, { container_image: 'web:2' })
    const [first] = await agent.wanted()
    if (!first) throw new Error('two replicas were to be placed')
    await agent.report(first, { status: 'failed', reason: 'exited with code 1', gone: true })
    cp.advance(5_000)
    await cp.makeDue()
    await settle()
    expect(await images()).toEqual(['0:web:2', '1:web:2'])
    expect((await detail(id)).status).toBe('running')
  })
})

describe('a rollback', () => {
  test('of a paused update restarts nothing: the running replicas are the desired ones again', async () => {
    await nodes(4)
    const id = await deployed()
    const before = (await agent.wanted()).map((replica) => replica.replicaId).sort()
    await update(id, { container_image: 'web:bad' })
    await cp.schedule()
    const answer = await (await admin()).deployment.rollback({ deployment_id: id, revision: 1, reason: 'wrong tag' })
    expect(answer).toMatchObject({ revision: 1, changes: [{ what: 'image', from: 'web:bad', to: 'web:1' }] })
    await settle()
    expect((await agent.wanted()).map((replica) => replica.replicaId).sort()).toEqual(before)
    expect(await detail(id)).toMatchObject({ status: 'running', revision: 1, image: 'web:1' })
    expect(await reasons(id)).toContain('Rolled back to revision 1 from 2 (wrong tag)')
  })

  test('of a finished update is a rolling update that restores the old environment and resources', async () => {
    await nodes(3)
    const id = await deployed({ replicas: 2, env: { MODE: 'old' } })
    await update(id, { container_image: 'web:2', env: { MODE: 'new' }, resources: { cpu: 2, memory: 2048 } })
    await settle()
    await (await admin()).deployment.rollback({ deployment_id: id, revision: 1 })
    await cp.schedule()
    expect(await images()).toHaveLength(3)
    await settle()
    expect((await agent.wanted()).map(({ image, env, memoryMb }) => ({ image, env, memoryMb }))).toEqual(
      Array(2).fill({ image: 'web:1', env: { MODE: 'old' }, memoryMb: 1024 }),
    )
    const revisions = await (await admin()).deployment.revisions({ id })
    expect(
      revisions.map(({ revision, current, replicas, createdBy }) => [revision, current, replicas, createdBy]),
    ).toEqual([
      [2, false, 0, 'admin'],
      [1, true, 2, 'admin'],
    ])
    // The next update gets a new number and does not reuse the old one.
    expect((await update(id, { container_image: 'web:3' })).revision).toBe(3)
  })

  test('to an unknown revision, or to the current one, is refused', async () => {
    await nodes(1)
    const id = await deployed({ replicas: 1 })
    const { rollback } = (await admin()).deployment
    await expect(rollback({ deployment_id: id, revision: 7 })).rejects.toThrow('This deployment has no revision 7')
    await expect(rollback({ deployment_id: id, revision: 1 })).rejects.toThrow('Revision 1 is the one that is wanted')
  })
})

describe('over REST', () => {
  const post = async (path: string, body: object) => {
    const { access_token } = (await (await cp.login('admin', adminPassword)).json()) as { access_token: string }
    return cp.rest(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${access_token}` },
      body: JSON.stringify(body),
    })
  }

  test('update and rollback are accepted with 202, and errors name the fields', async () => {
    await nodes(2)
    const id = await deployed({ replicas: 1 })
    const updated = await post(`/deployment/update/${id}`, { container_image: 'web:2', reason: 'a new version' })
    expect(updated.status).toBe(202)
    expect(await updated.json()).toMatchObject({ success: true, deployment_id: id, revision: 2, status: 'pending' })
    const back = await post(`/deployment/rollback/${id}`, { revision: 1 })
    expect(back.status).toBe(202)
    const wrong = await post(`/deployment/update/${id}`, {
      container_image: 'NOT valid',
      resources: { cpu: 99, memory: 1 },
    })
    expect(wrong.status).toBe(422)
    const { errors } = (await wrong.json()) as { errors: { path: string }[] }
    expect(errors.map((error) => error.path).sort()).toEqual(['container_image', 'resources.cpu', 'resources.memory'])
    expect((await post(`/deployment/rollback/${id}`, { revision: '1' })).status).toBe(422)
    expect((await post('/deployment/update/00000000-0000-7000-8000-000000000000', {})).status).toBe(404)
  })

  test('somebody else’s deployment cannot be updated', async () => {
    await nodes(1)
    const id = await deployed({ replicas: 1 })
    const other = await cp.user('other', 'operator')
    await expect(other.deployment.update({ deployment_id: id, container_image: 'web:2' })).rejects.toThrow(
      'belongs to admin',
    )
  })
})

describe('the preview of an update', () => {
  const preview = async (id: string, fields: object) =>
    (await admin()).deployment.previewUpdate({ deployment_id: id, ...fields })
  /** Where the replicas of the newest revision run, by slot. */
  const places = async (id: string) =>
    (await detail(id)).replicas
      .filter((replica) => replica.wanted === 'run' && replica.status === 'running')
      .sort((a, b) => a.slot - b.slot)
      .map((replica) => [replica.slot, replica.node.nodeId])

  test.each([
    ['another image where there is space', 5, { container_image: 'web:2' }],
    ['more memory where only the space of what was replaced is left', 4, { resources: { cpu: 3, memory: 6000 } }],
    ['more replicas', 6, { replicas: 5 }],
    ['fewer replicas', 4, { replicas: 1 }],
    ['another image and more replicas', 6, { container_image: 'web:2', replicas: 5 }],
  ])('says where each replica will run: %s', async (_, count, fields) => {
    await nodes(count)
    const id = await deployed({ resources: { cpu: 2, memory: 5000 } })
    const before = new Map((await places(id)) as [number, string][])
    const seen = await preview(id, fields)
    expect(seen).toMatchObject({ problem: null, refusal: null })
    await update(id, fields)
    await settle()
    for (const { slot, to } of seen.replicas) before.set(slot, to.nodeId)
    expect(await places(id)).toEqual([...before].sort(([a], [b]) => a - b).slice(0, before.size - seen.removed))
    expect(seen.replicas.length + seen.kept).toBe((await places(id)).length)
  })

  test('says when a replica must stop before its replacement, and what the replacement takes over', async () => {
    await nodes(2)
    const id = await deployed({ replicas: 2, ports: [{ container: 80, host: 8080 }] })
    const fields = { container_image: 'web:2', resources: { cpu: 3, memory: 6000 } }
    const seen = await preview(id, fields)
    expect(seen).toMatchObject({ problem: null, refusal: null })
    expect(
      seen.replicas.map(({ slot, from, to, stopsFirst }) => [slot, from?.nodeId === to.nodeId, stopsFirst]),
    ).toEqual([
      [0, true, true],
      [1, true, true],
    ])
    await update(id, fields)
    await settle()
    expect(await places(id)).toEqual(seen.replicas.map(({ slot, to }) => [slot, to.nodeId]))
  })

  test('refuses what does not fit with the message of a decision and with suggestions', async () => {
    await nodes(3)
    const id = await deployed({ resources: { cpu: 3, memory: 4096 } })
    const seen = await preview(id, { resources: { cpu: 3.5, memory: 4096 } })
    expect(seen.refusal).toMatchObject({ message: 'Insufficient nodes: need 1, found 0 with capacity' })
    expect(seen.refusal?.suggestions.map(({ kind }) => kind)).toContain('cpu')
    await update(id, { resources: { cpu: 3.5, memory: 4096 } })
    await settle()
    expect((await detail(id)).status).toBe('failed')
  })

  test('counts a change of variables as a new revision, without receiving their values', async () => {
    await nodes(4)
    const id = await deployed()
    expect(await preview(id, { changes_env: true })).toMatchObject({ revision: 2, kept: 0 })
    expect(await preview(id, {})).toMatchObject({ revision: null, kept: 3, replicas: [] })
  })
})

describe('stop, start and restart', () => {
  const triggers = async (id: string) =>
    (
      await cp.sql<{ trigger: string }>(
        'select trigger from evaluations where deployment_id = $1 order by created_at',
        [id],
      )
    ).map(({ trigger }) => trigger)

  test('have their own kinds in the record', async () => {
    await nodes(4)
    const id = await deployed()
    const caller = await admin()
    await caller.deployment.stop({ deployment_id: id })
    await expect(caller.deployment.stop({ deployment_id: id })).rejects.toThrow('stopping already')
    await settle()
    expect(await detail(id)).toMatchObject({ status: 'stopped', targetReplicas: 0, reason: 'All replicas stopped' })
    await expect(caller.deployment.restart({ deployment_id: id })).rejects.toThrow('nothing to restart')
    await caller.deployment.start({ deployment_id: id })
    await settle()
    expect(await detail(id)).toMatchObject({ status: 'running', targetReplicas: 3 })
    await expect(caller.deployment.start({ deployment_id: id })).rejects.toThrow('nothing to start')
    expect(await reasons(id)).toEqual(expect.arrayContaining(['Stopping 3 replicas', 'Starting 3 replicas']))
    expect(await triggers(id)).toEqual(expect.arrayContaining(['deploy', 'stop', 'start']))
    const entries = await cp.sql<{ action: string }>('select action from audit_log where subject_id = $1 order by id', [
      id,
    ])
    expect(entries.map(({ action }) => action)).toEqual(['deployment.create', 'deployment.stop', 'deployment.start'])
  })

  test('a restart replaces each replica with one of the same content, and never has fewer running', async () => {
    await nodes(4)
    const id = await deployed({ env: { A: '1' } })
    const before = (await agent.wanted()).map(({ replicaId }) => replicaId)
    await (await admin()).deployment.restart({ deployment_id: id })
    expect(await settle()).toBe(4)
    const after = (await agent.wanted()).filter(({ wanted }) => wanted === 'run')
    expect(after.map(({ image, env }) => [image, env])).toEqual(Array(3).fill(['web:1', { A: '1' }]))
    expect(after.filter(({ replicaId }) => before.includes(replicaId))).toEqual([])
    const [newest] = await (await admin()).deployment.revisions({ id })
    expect(newest).toMatchObject({ revision: 2, reason: 'Restarted revision 1', current: true })
  })
})

/** Events reach real HTTP receivers: exactly once while nothing fails, and at least once otherwise. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type NotificationKind, notificationKinds } from '@/core/notifications/notification'
import { transaction } from '@/server/db/client'
import { AddressList } from '@/server/lib/addresses'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { followClockJump } from '@/server/store/leader/clock-jumps'
import { StaleLeaderError } from '@/server/store/leader/leadership'
import { judgeOutage } from '@/server/store/node-loss/outage-protection'
import { recordNodeEvents } from '@/server/store/nodes/node-rows'
import { beginMessage, messageDelivered, messageFailed, skipQuiet } from '@/server/store/notifications/deliveries'
import { settledMoment } from '@/server/store/notifications/events'
import { markDead } from '@/server/store/queue/dead-letters'
import { claimEvaluations } from '@/server/store/queue/evaluations'
import { runNotifications } from '@/server/worker/notify'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane, testSealKey } from '@/testing/control-plane'
import { Receiver } from '@/testing/receiver'
import { schedulerProcesses } from '@/testing/schedulers'

let cp: TestControlPlane
let receiver: Receiver
let others: Receiver[]
let stopping: AbortController
let loops: Promise<void>[]

beforeEach(async () => {
  cp = await testControlPlane()
  receiver = await Receiver.start()
  others = []
  stopping = new AbortController()
  loops = []
})
afterEach(async () => {
  stopping.abort()
  await Promise.allSettled(loops)
  await Promise.all([receiver, ...others].map((one) => one.close()))
  await cp.close()
})

const patient = { timeout: 60_000 }

/** Sends notifications as the leading scheduler does. */
const notifying = (epoch = cp.epoch) => {
  const { store, log, webhookAddresses, publicUrl } = cp.services
  return { store, log, epoch, webhookAddresses, publicUrl }
}

const lead = (epoch = cp.epoch) => {
  loops.push(runNotifications(notifying(epoch), stopping.signal))
}

const aChannel = (overrides: Record<string, unknown> = {}) => ({
  name: 'on call',
  kind: 'webhook' as const,
  url: receiver.url(),
  events: ['node.offline', 'node.online'] as NotificationKind[],
  ...overrides,
})

const make = async (overrides: Record<string, unknown> = {}) =>
  (await (await cp.as('admin')).notification.create(aChannel(overrides))).id

const listed = async () => (await cp.as('admin')).notification.list()

const happened = (agent: FakeAgent, name: string, kind: 'offline' | 'online' = 'offline') =>
  transaction(cp.store, (tx) =>
    recordNodeEvents(tx, [{ nodeId: agent.id(name), kind, detail: 'Said by the test', actor: 'test' }]),
  )

const someNodes = (count: number) =>
  new FakeAgent(cp).join(...Array.from({ length: count }, (_, i) => ({ name: `node-0${i + 1}` })))

/** "node.offline node-01" of each event that arrived, in the order of arrival. */
const reported = (by = receiver) =>
  by.messages.flatMap(({ events }) => events.map(({ kind, subject }) => `${kind} ${subject.name}`))

/**
 * Waits until the clock of the database has advanced by `seconds`. Whatever is sent too early has been sent by then.
 */
async function letPass(seconds: number): Promise<void> {
  const [from] = await cp.sql<{ now: Date }>('select now() as now')
  const passed = async () =>
    (
      await cp.sql<{ over: boolean }>('select now() > $1::timestamptz + make_interval(secs => $2) as over', [
        from?.now,
        seconds,
      ])
    )[0]?.over
  await expect.poll(passed, patient).toBe(true)
}

describe('a channel', () => {
  test('gets each kind of event once and in order', async () => {
    const admin = await cp.as('admin')
    await make({ events: [...notificationKinds] })
    lead()
    const { deployment_id: id } = await admin.deployment.deploy(aDeployment())
    await cp.schedule()
    const agent = await someNodes(3)
    await admin.deployment.retry({ deployment_id: id })
    await cp.schedule()
    for (const replica of await agent.wanted()) await agent.report(replica, {})
    const runs = async () => (await admin.deployment.detail({ id })).status
    await expect.poll(runs, patient).toBe('running')
    for (const replica of await agent.wanted())
      await agent.report(replica, { health: 'unhealthy', reason: 'no answer' })

    await cp.sql(`update nodes set last_heartbeat = now() - interval '1 hour'`)
    await markUnreachableNodes(cp.store, cp.epoch)
    await judgeOutage(cp.store, cp.epoch)
    await agent.heartbeat()
    await judgeOutage(cp.store, cp.epoch)

    const unplaced = (await admin.deployment.deploy(aDeployment({ name: 'unlucky' }))).deployment_id
    const [claimed] = await claimEvaluations(cp.store, { epoch: cp.epoch, worker: 'w' }, { limit: 1, which: 'fresh' })
    const deadLetter = { id: claimed?.id ?? '', deploymentId: unplaced, reason: 'Scheduling failed', error: 'no luck' }
    await markDead(cp.store, { epoch: cp.epoch, worker: 'w' }, deadLetter)

    await expect.poll(() => reported().length, patient).toBe(13)
    expect(reported().slice(0, 3)).toEqual([
      'deployment.failed web-api',
      'deployment.recovered web-api',
      'deployment.unhealthy web-api',
    ])
    expect(reported().slice(3, 11).sort()).toEqual([
      ...[1, 2, 3].map((n) => `node.offline node-0${n}`),
      ...[1, 2, 3].map((n) => `node.online node-0${n}`),
      'storm.began us-east',
      'storm.ended us-east',
    ])
    expect(reported().indexOf('storm.began us-east')).toBeLessThan(reported().indexOf('storm.ended us-east'))
    expect(reported().slice(11).sort()).toEqual(['deployment.failed unlucky', 'work.stuck unlucky'])
    const texts = receiver.messages.flatMap(({ events }) => events.map(({ text }) => text))
    expect(texts[0]).toMatch(/^Deployment web-api failed: Insufficient nodes: need 1, found 0/)
    expect(texts).toContain('Scheduling work of unlucky was given up: no luck')
    expect(receiver.messages[0]?.events[0]?.url).toBe(`http://localhost:3000/deployments/${id}`)
    await letPass(6)
    expect(reported()).toHaveLength(13)
    expect(await listed()).toMatchObject([{ failing: null, waiting: 0, lastDeliveredAt: expect.any(String) }])
  })

  test('gets no event that it does not subscribe to, none from before it was created, and none while it is paused', async () => {
    const admin = await cp.as('admin')
    const agent = await someNodes(3)
    await happened(agent, 'node-01')
    const id = await make({ events: ['node.offline'] })
    lead()
    await happened(agent, 'node-02', 'online')
    await happened(agent, 'node-02')
    await expect.poll(reported, patient).toEqual(['node.offline node-02'])
    await admin.notification.pause({ id, paused: true })
    await happened(agent, 'node-01')
    await letPass(6)
    await admin.notification.pause({ id, paused: false })
    await happened(agent, 'node-03')
    await expect.poll(() => reported().length, patient).toBeGreaterThan(1)
    await letPass(6)
    expect(reported()).toEqual(['node.offline node-02', 'node.offline node-03'])
  })

  test('gets a burst as one message that lists the newest events and counts the rest', async () => {
    const agent = await someNodes(1)
    await make()
    const event = { nodeId: agent.id('node-01'), kind: 'offline' as const, actor: 'test' }
    await transaction(cp.store, async (tx) => {
      await recordNodeEvents(
        tx,
        Array.from({ length: 25 }, (_, i) => ({ ...event, detail: `event ${i}` })),
      )
    })
    await happened(agent, 'node-01', 'online')
    // Dates have whole milliseconds, so all these events may have happened in one.
    await cp.sql('update node_events set at = (select max(at) from node_events)')
    lead()
    await expect.poll(() => receiver.messages.length, patient).toBe(1)
    const [message] = receiver.messages
    expect(message?.events).toHaveLength(20)
    expect(message?.more).toBe(6)
    expect(message?.text).toBe('26 events')
    expect(message?.events.at(-1)?.kind).toBe('node.online')
  })

  test('that fails keeps its message, gets it again, and then gets what happened since', async () => {
    const admin = await cp.as('admin')
    const agent = await someNodes(2)
    const id = await make()
    receiver.answer = () => ({ status: 500, body: 'no luck today' })
    lead()
    await happened(agent, 'node-01')
    const error = 'It answered 500 Internal Server Error'
    await expect
      .poll(listed, patient)
      .toMatchObject([{ failing: { error, nextTryAt: expect.any(String) }, waiting: 1, lastDeliveredAt: null }])
    await happened(agent, 'node-02')
    await letPass(4)
    await cp.sql('update notification_channels set next_try_at = now()')
    await expect.poll(listed, patient).toMatchObject([{ waiting: 2 }])
    receiver.answer = () => ({ status: 204 })
    // A successful test makes pending messages due.
    expect(await admin.notification.test({ id })).toMatchObject({ ok: true, status: 204, error: null })
    await expect.poll(listed, patient).toMatchObject([{ failing: null, waiting: 0 }])
    await expect.poll(() => reported().at(-1), patient).toBe('node.offline node-02')
    const events = receiver.messages.filter(({ type }) => type === 'events')
    const ids = receiver.calls
      .filter((_, i) => receiver.messages[i]?.type === 'events')
      .map((c) => c.headers['webhook-id'])
    expect(ids).toEqual(events.map((message) => message.delivery_id))
    // Three identical attempts at the first message, and one at the second.
    expect(events.slice(0, 3)).toEqual(Array(3).fill(events[0]))
    expect(events.map((message) => message.events.map(({ subject }) => subject.name))).toEqual([
      ['node-01'],
      ['node-01'],
      ['node-01'],
      ['node-02'],
    ])
    expect(events[3]?.delivery_id).not.toBe(events[0]?.delivery_id)
  })

  test('that does not answer delays no other', async () => {
    const agent = await someNodes(1)
    const slow = await Receiver.start()
    others.push(slow)
    slow.answer = () => null
    await make({ name: 'a slow one', url: slow.url() })
    const hangingAsItCame: number[] = []
    receiver.answer = () => {
      hangingAsItCame.push(slow.hanging)
      return { status: 200 }
    }
    await make()
    await happened(agent, 'node-01')
    lead()
    await expect.poll(() => slow.calls.length, patient).toBe(1)
    await expect.poll(() => receiver.calls.length, patient).toBe(1)
    expect(hangingAsItCame).toEqual([1])
    await expect
      .poll(listed, patient)
      .toMatchObject([{ failing: { error: 'No answer within 10 s' } }, { failing: null }])
  })

  test('misses no event of a transaction that commits after later ones', async () => {
    const agent = await someNodes(2)
    await make()
    lead()
    const tx = await cp.store.pool.connect()
    try {
      await tx.query('begin')
      const first = { nodeId: agent.id('node-01'), kind: 'offline' as const, detail: '', actor: 'test' }
      await recordNodeEvents(tx, [first])
      await happened(agent, 'node-02')
      const [began] = (await tx.query<{ at: Date }>('select now() as at')).rows
      await letPass(6)
      expect((await settledMoment(cp.store)).getTime()).toBeLessThan(began?.at.getTime() ?? 0)
      await tx.query('commit')
    } finally {
      tx.release()
    }
    await expect.poll(reported, patient).toEqual(['node.offline node-01', 'node.offline node-02'])
  })

  test('that was unreachable for very long continues with the last seven days', async () => {
    const agent = await someNodes(2)
    await make()
    await happened(agent, 'node-01')
    await happened(agent, 'node-02')
    await cp.sql(`update node_events set at = now() - interval '8 days' where node_id = $1`, [agent.id('node-01')])
    await cp.sql(`update notification_channels set read_until = now() - interval '30 days'`)
    lead()
    await expect.poll(reported, patient).toEqual(['node.offline node-02'])
  })

  test('loses nothing when the clock of the database is set back', async () => {
    const agent = await someNodes(1)
    await make()
    await cp.sql(
      `update notification_channels set read_until = now() + interval '1 hour', next_try_at = now() + interval '1 hour'`,
    )
    lead()
    await happened(agent, 'node-01')
    await followClockJump(cp.store, { epoch: cp.epoch, jumpMs: -3_610_000 })
    await expect.poll(reported, patient).toEqual(['node.offline node-01'])
  })
})

describe('a leader', () => {
  test('that is killed before it could record a delivery is followed by one that sends the message again', async () => {
    const agent = await someNodes(2)
    await make()
    const schedulers = schedulerProcesses(cp.url, { sealKey: testSealKey })
    try {
      receiver.answer = () => null
      const leader = schedulers.start()
      await leader.says('leads (epoch')
      await happened(agent, 'node-01')
      await expect.poll(() => receiver.hanging, patient).toBe(1)
      await leader.end('SIGKILL')
      receiver.answer = () => ({ status: 200 })
      await happened(agent, 'node-02')
      await schedulers.start().says('leads (epoch')
      await expect.poll(() => reported().includes('node.offline node-02'), patient).toBe(true)
      const [first, second, ...rest] = receiver.messages
      expect(second).toEqual(first)
      expect(receiver.calls[1]?.headers['webhook-id']).toBe(first?.delivery_id)
      expect(rest.flatMap(({ events }) => events.map(({ subject }) => subject.name))).toEqual(['node-02'])
      await expect.poll(listed, patient).toMatchObject([{ failing: null, waiting: 0 }])
    } finally {
      await schedulers.endAll()
    }
  })

  test('whose term has ended advances no channel', async () => {
    const channelId = await make()
    await cp.sql('update scheduler_leadership set epoch = epoch + 1')
    const [from, to] = (
      await cp.sql<{ at: Date; to: Date }>('select read_until as at, now() as to from notification_channels')
    ).flatMap((row) => [row.at, row.to])
    if (!from || !to) throw new Error('There is a channel')
    const attempt = { channelId, deliveryId: '00000000-0000-7000-8000-000000000001' }
    await happened(await someNodes(1), 'node-01')
    await letPass(3)
    const rows = () => cp.sql('select * from notification_channels')
    const before = await rows()
    const attempts = [
      () => beginMessage(cp.store, cp.epoch, { ...attempt, readUntil: from, from, to, waiting: 1 }),
      () => skipQuiet(cp.store, cp.epoch, { ids: [channelId], to }),
      () => messageDelivered(cp.store, cp.epoch, { ...attempt, sent: true }),
      () => messageFailed(cp.store, cp.epoch, { ...attempt, error: 'e', delayMs: 1, waiting: 1 }),
      () => runNotifications(notifying(), new AbortController().signal),
    ]
    for (const one of attempts) await expect(one()).rejects.toThrow(StaleLeaderError)
    expect(await rows()).toEqual(before)
    expect(receiver.calls).toEqual([])
  })
})

test.each([
  ['this machine', (port: string) => `http://127.0.0.1:${port}/hook`],
  ['this machine by its name', (port: string) => `http://localhost:${port}/hook`],
  ['this machine as IPv6 wraps it', (port: string) => `http://[::ffff:127.0.0.1]:${port}/hook`],
  ['this machine as a number', (port: string) => `http://2130706433:${port}/hook`],
  ['any address of this machine', (port: string) => `http://0.0.0.0:${port}/hook`],
])('nothing is sent to %s unless it is allowed', async (_name, urlOf) => {
  cp.services.webhookAddresses = new AddressList([])
  const admin = await cp.as('admin')
  const id = await make({ url: urlOf(new URL(receiver.url()).port) })
  const agent = await someNodes(1)
  const refused = { ok: false, status: null, error: expect.stringContaining('FOGDECK_WEBHOOK_ADDRESSES can allow it') }
  expect(await admin.notification.test({ id })).toMatchObject(refused)
  lead()
  await happened(agent, 'node-01')
  await expect.poll(listed, patient).toMatchObject([{ failing: { error: refused.error } }])
  expect(receiver.calls).toEqual([])
})

describe('a test of a channel', () => {
  const outcomeOf = async (overrides: Record<string, unknown>) => {
    const admin = await cp.as('admin')
    const id = await make(overrides)
    const outcome = await admin.notification.test({ id })
    await admin.notification.delete({ id })
    return outcome
  }

  test('reports the HTTP status of the receiver and nothing else of its answer', async () => {
    expect(await outcomeOf({})).toMatchObject({ ok: true, status: 200, error: null, tookMs: expect.any(Number) })
    expect(receiver.messages[0]).toMatchObject({ type: 'test', events: [], more: 0 })
    receiver.answer = ({ path }) => ({ status: 404, body: `Cannot POST ${path}\n\n` })
    expect(await outcomeOf({})).toMatchObject({
      ok: false,
      status: 404,
      error: 'It answered 404 Not Found',
    })
    receiver.answer = () => ({ status: 302, headers: { location: 'http://127.0.0.1:1/elsewhere' } })
    expect(await outcomeOf({})).toMatchObject({
      ok: false,
      status: 302,
      error: expect.stringContaining('points elsewhere'),
    })
    const closed = await Receiver.start()
    const url = closed.url()
    await closed.close()
    expect(await outcomeOf({ url })).toMatchObject({
      ok: false,
      status: null,
      error: expect.stringContaining('ECONNREFUSED'),
    })
  })

  test('reaches receivers that need a name and a password, or the form of Slack', async () => {
    await outcomeOf({ url: receiver.url('/in').replace('//', '//ann:p%40ss@') })
    expect(receiver.calls[0]?.headers.authorization).toBe(`Basic ${Buffer.from('ann:p@ss').toString('base64')}`)
    await outcomeOf({ kind: 'slack' })
    expect(JSON.parse(receiver.calls[1]?.body ?? '')).toEqual({
      text: '*Fogdeck*: This is a test of the notification channel “on call”. It can be reached.',
    })
  })
})

describe('the example of docs/operations.md', () => {
  test('accepts what is signed with its secret, and refuses everything else', async () => {
    const guide = readFileSync('docs/operations.md', 'utf8')
    const example = /```js\n(import \{ createHmac[\s\S]*?)```/.exec(guide)?.[1] ?? ''
    const folder = mkdtempSync(join(tmpdir(), 'fogdeck-receiver-'))
    writeFileSync(join(folder, 'receiver.mjs'), example)
    // Only used to find a free port.
    const placeholder = await Receiver.start()
    const { port } = new URL(placeholder.url())
    await placeholder.close()
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    const program = spawn(process.execPath, ['receiver.mjs'], {
      ...{ cwd: folder, env: { ...process.env, SECRET: secret, PORT: port } },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      let said = ''
      program.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
      await expect.poll(() => said, patient).toContain('Listening')
      const url = `http://127.0.0.1:${port}/`
      const admin = await cp.as('admin')
      const outcomes = []
      for (const [name, signed] of Object.entries({ right: secret, wrong: 'another secret of 16', unsigned: null })) {
        const { id } = await admin.notification.create(aChannel({ name, url, secret: signed }))
        outcomes.push(await admin.notification.test({ id }))
      }
      expect(outcomes.map(({ status }) => status)).toEqual([204, 401, 401])
      expect(said).toContain('This is a test of the notification channel “right”')
      expect(said).not.toContain('“wrong”')
    } finally {
      program.kill('SIGKILL')
      rmSync(folder, { recursive: true })
    }
  })
})

describe('channels', () => {
  test('are refused with the name of each invalid field', async () => {
    const admin = await cp.as('admin')
    await make({ name: 'taken' })
    const fields = async (overrides: Record<string, unknown>) =>
      admin.notification.create(aChannel(overrides)).then(
        () => null,
        ({ cause }: { cause: { issues?: { path: string[] }[]; fields?: { path: string }[] } }) =>
          cause.issues?.map(({ path }) => path.join('.')) ?? cause.fields?.map(({ path }) => path),
      )
    expect(await fields({ name: ' ' })).toEqual(['name'])
    expect(await fields({ name: 'taken' })).toEqual(['name'])
    expect(await fields({ kind: 'mail' })).toEqual(['kind'])
    for (const url of ['', 'hooks.example.org', 'ftp://example.org/x', 'file:///etc/passwd'])
      expect(await fields({ url }), url).toEqual(['url'])
    expect(await fields({ secret: 'short' })).toEqual(['secret'])
    expect(await fields({ events: [] })).toEqual(['events'])
    expect(await fields({})).toBeNull()
  })

  test('can be created, changed, tested, paused and deleted by administrators only', async () => {
    const id = await make()
    const callers = [await cp.user('ann', 'operator'), await cp.user('bob', 'viewer'), await cp.as(null)]
    for (const caller of callers) {
      const attempts = [
        () => caller.notification.list(),
        () => caller.notification.create(aChannel({ name: 'another' })),
        () => caller.notification.update({ ...aChannel(), id }),
        () => caller.notification.pause({ id, paused: true }),
        () => caller.notification.test({ id }),
        () => caller.notification.delete({ id }),
      ]
      for (const attempt of attempts) await expect(attempt()).rejects.toThrow(/may not do this|Sign in first/)
    }
    expect(receiver.calls).toEqual([])
    expect(await listed()).toMatchObject([{ id, name: 'on call', pausedAt: null }])
  })

  test('keep address and secret when a change names neither, and lose the secret when it says so', async () => {
    const admin = await cp.as('admin')
    const id = await make({ secret: 'a signing secret' })
    const { url: _url, ...rest } = aChannel({ name: 'renamed' })
    await admin.notification.update({ ...rest, id })
    await admin.notification.test({ id })
    expect(receiver.calls[0]?.path).toBe('/hooks/a-secret-path')
    expect(receiver.calls[0]?.headers['webhook-signature']).toMatch(/^v1,/)
    await admin.notification.update({ ...rest, id, secret: null, url: receiver.url('/hooks/another-path') })
    await admin.notification.test({ id })
    expect(receiver.calls[1]?.path).toBe('/hooks/another-path')
    expect(receiver.calls[1]?.headers).not.toHaveProperty('webhook-signature')
    expect(await listed()).toMatchObject([{ name: 'renamed', signed: false }])
  })

  test('reveal neither address nor secret in tables, answers, the audit log or the server log', async () => {
    const admin = await cp.as('admin')
    const id = await make({ secret: 'a signing secret', url: receiver.url('/services/T0123456/s3cretpart') })
    receiver.answer = ({ path }) => ({ status: 400, body: `bad path ${path}` })
    lead()
    await happened(await someNodes(1), 'node-01')
    await expect.poll(listed, patient).toMatchObject([{ failing: { error: 'It answered 400 Bad Request' } }])
    const tested = await admin.notification.test({ id })
    await admin.notification.update({ ...aChannel({ url: receiver.url('/services/T0123456/other-s3cret') }), id })
    await admin.notification.pause({ id, paused: true })
    const channels = await listed()
    expect(channels).toMatchObject([{ address: expect.stringMatching(/^127\.0\.0\.1:\d+\/…cret$/), signed: true }])
    await admin.notification.delete({ id })
    expect(
      await cp.sql(`select action, before->>'name' as before, after->>'name' as after from audit_log
        where subject_type = 'notification-channel' order by id`),
    ).toEqual([
      { action: 'notification-channel.create', before: null, after: 'on call' },
      { action: 'notification-channel.test', before: null, after: 'on call' },
      { action: 'notification-channel.update', before: 'on call', after: 'on call' },
      { action: 'notification-channel.pause', before: 'on call', after: null },
      { action: 'notification-channel.delete', before: 'on call', after: null },
    ])
    await make({ secret: 'a signing secret', url: receiver.url('/services/T0123456/s3cretpart') })
    const tables = await cp.sql<{ text: string }>(
      'select to_jsonb(c)::text as text from notification_channels c union all select to_jsonb(a)::text from audit_log a',
    )
    const everything = [...tables.map(({ text }) => text), JSON.stringify([tested, channels]), ...cp.logged].join('\n')
    for (const secret of ['a signing secret', 's3cretpart', 'other-s3cret', 'T0123456'])
      for (const guise of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')])
        expect(everything).not.toContain(guise)
  })

  test('are counted in the metrics', async () => {
    await make()
    receiver.answer = () => ({ status: 500 })
    lead()
    await happened(await someNodes(1), 'node-01')
    await expect.poll(listed, patient).toMatchObject([{ waiting: 1, failing: { error: expect.any(String) } }])
    const { renderMetrics } = await import('@/server/api/http/metrics')
    const { body } = await renderMetrics(cp.services)
    expect(body).toContain('fogdeck_notification_channel_failing{channel="on call"} 1')
    expect(body).toContain('fogdeck_notification_events_waiting{channel="on call"} 1')
    expect(body).toContain('fogdeck_notification_messages_delivered_total{channel="on call"} 0')
    expect(body).toContain('fogdeck_notification_attempts_failed_total{channel="on call"} 1')
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { auditActions } from '@/core/audit/audit'
import { handleAuditCsv } from '@/server/api/http/audit-csv'
import { auditSql } from '@/server/store/records/audit-reads'
import {
  aDeployment,
  adminPassword,
  FakeAgent,
  type TestControlPlane,
  testControlPlane,
  userPassword,
} from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const idOf = async (username: string) => (await cp.actor(username)).id
const tokenOf = async (username: string, password: string) =>
  ((await (await cp.login(username, password)).json()) as { access_token: string }).access_token

const csv = async (token: string | null, query = '') =>
  handleAuditCsv(
    cp.services,
    new Request(`http://localhost:3000/api/audit.csv${query}`, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    }),
  )

/** Writes entries one minute apart, oldest first, by ann and bob in turn. */
const writeEntries = (count: number, begin: string) =>
  cp.sql(
    `insert into audit_log (at, actor, action, subject_type, subject_id, after)
     select $2::timestamptz + make_interval(mins => i), case when i % 2 = 0 then 'ann' else 'bob' end,
       case when i % 10 = 0 then 'node.cordon' else 'setting.change' end, 'setting', 'key-' || i, '{"value": 1}'
     from generate_series(1, $1) i`,
    [count, begin],
  )

describe('the audit log', () => {
  test('is readable only by administrators, on the page and as CSV', async () => {
    for (const role of ['viewer', 'operator'] as const) {
      const user = await cp.user(`a-${role}`, role)
      await expect(user.audit.page({})).rejects.toThrow('audit.read')
      const refused = await csv(await tokenOf(`a-${role}`, userPassword))
      expect([refused.status, refused.headers.get('content-type')]).toEqual([
        403,
        'application/problem+json; charset=utf-8',
      ])
    }
    await expect((await cp.as(null)).audit.page({})).rejects.toThrow('Sign in first')
    expect((await csv(null)).status).toBe(401)
    expect((await csv('nonsense')).status).toBe(401)
    expect((await csv(await tokenOf('admin', adminPassword))).status).toBe(200)
  })

  test('records actor, action, target, address and the previous values, with names', async () => {
    const agent = await new FakeAgent(cp).join({ name: 'node-01' })
    const admin = await cp.as('admin')
    await cp.user('ann', 'viewer')
    await admin.user.setRole({ id: await idOf('ann'), role: 'operator' })
    await admin.node.cordon({ id: agent.id('node-01'), cordoned: true })
    const { entries } = await admin.audit.page({})
    expect(entries.slice(0, 2)).toMatchObject([
      { action: 'node.cordon', subject: { type: 'node', id: agent.id('node-01'), name: 'node-01' } },
      {
        ...{ actor: 'admin', address: '127.0.0.1', action: 'user.role', before: { role: 'viewer' } },
        ...{ subject: { type: 'user', name: 'ann' }, after: { role: 'operator' } },
      },
    ])
    expect(entries.find(({ action }) => action === 'join-token.create')?.subject.name).toBe('test')
  })

  test('names the API token that was used, in the list and as CSV, even after it was revoked', async () => {
    const admin = await cp.as('admin')
    const { id, token } = await admin.apiToken.create({
      name: 'nightly report',
      scope: 'admin',
      expires_in_hours: null,
    })
    const withToken = await cp.as('admin', { actor: { ...(await cp.actor('admin')), apiTokenId: id } })
    const deployed = await cp.rest('/deployment/deploy', {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(aDeployment()),
    })
    const { deployment_id } = (await deployed.json()) as { deployment_id: string }
    await withToken.deployment.scale({ deployment_id, replicas: 2 })
    await admin.deployment.scale({ deployment_id, replicas: 3 })
    await admin.apiToken.revoke({ id })
    const { entries } = await admin.audit.page({ subject: deployment_id })
    expect(entries.map(({ actor, action, apiToken }) => [actor, action, apiToken])).toEqual([
      ['admin', 'deployment.scale', null],
      ['admin', 'deployment.scale', 'nightly report'],
      ['admin', 'deployment.create', 'nightly report'],
    ])
    const response = await csv(await tokenOf('admin', adminPassword), `?subject=${deployment_id}`)
    const tokens = (await response.text()).split('\r\n').map((line) => line.split(',').at(-1))
    expect(tokens).toEqual(['api_token', '', 'nightly report', 'nightly report', ''])
  })

  test('can be filtered by actor, action, target and time, alone or combined', async () => {
    await writeEntries(40, '2026-01-01T00:00:00Z')
    const admin = await cp.as('admin')
    const found = async (filter: object) => (await admin.audit.page(filter)).entries.map(({ subject }) => subject.id)
    expect(await found({ actor: 'AN', before: '2026-01-01T00:05:00Z' })).toEqual(['key-4', 'key-2'])
    expect(await found({ action: 'node.cordon' })).toEqual(['key-40', 'key-30', 'key-20', 'key-10'])
    expect(await found({ subject: 'key-3', after: '2026-01-01T00:31:00Z', before: '2026-01-01T00:33:00Z' })).toEqual([
      'key-33',
      'key-32',
      'key-31',
    ])
    expect(await found({ subject: await idOf('admin') })).toEqual([await idOf('admin')])
    expect(await found({ subject: 'key_3' })).toEqual([])
    expect(await found({ actor: 'ann', action: 'setting.change', after: '2026-01-01T00:38:00Z' })).toEqual(['key-38'])
  })

  test('pages without losing or repeating an entry, even where many share one timestamp', async () => {
    await writeEntries(20, '2026-01-01T00:00:00Z')
    await cp.sql(`insert into audit_log (at, actor, action, subject_type, subject_id)
      select '2026-01-01T00:10:30Z', 'many', 'setting.change', 'setting', 'same-' || i from generate_series(1, 15) i`)
    const admin = await cp.as('admin')
    const all = (await admin.audit.page({ limit: 200 })).entries.map(({ id }) => id)
    const walked: string[] = []
    let from: string | undefined
    do {
      const { entries, next } = await admin.audit.page({ limit: 7, ...(from && { from }) })
      walked.push(...entries.map(({ id }) => id))
      from = next ?? undefined
    } while (from)
    expect(walked).toEqual(all)
    expect(all.length).toBeGreaterThanOrEqual(35)
  })

  test('reads a distant page from the index instead of scanning the log', async () => {
    await writeEntries(20_000, '2026-01-01T00:00:00Z')
    await cp.sql('analyze audit_log')
    const plan = await cp.sql<{ 'QUERY PLAN': string }>(`explain (analyze, timing off, costs off) ${auditSql}`, [
      ...[null, null, null, null, null, '2026-01-10T00:00:00Z'],
      ...['2026-01-09T00:00:00Z', '1000000', 101],
    ])
    const text = plan.map((line) => line['QUERY PLAN']).join('\n')
    expect(text).toContain('Backward using audit_log_at_idx')
    const read = Number(/audit_log_at_idx on audit_log a \(actual rows=([\d.]+)/.exec(text)?.[1])
    expect(read).toBeLessThan(200)
    expect(text).not.toContain('Seq Scan on audit_log')
  })

  test('names the field of an invalid filter, on the page and as CSV', async () => {
    const admin = await cp.as('admin')
    for (const [input, path] of [
      [{ action: 'nothing' }, 'action'],
      [{ after: 'yesterday' }, 'after'],
      [{ from: 'nowhere' }, 'from'],
      [{ limit: 1000 }, 'limit'],
    ] as const) {
      const error = await admin.audit.page(input as object).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ cause: { issues: [{ path: [path] }] } })
    }
    const refused = await csv(await tokenOf('admin', adminPassword), '?action=nothing&before=x')
    expect(refused.status).toBe(422)
    expect(((await refused.json()) as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual([
      'action',
      'before',
    ])
  })

  test('can filter by every action that the server writes', () => {
    const written = readdirSync('server/store', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .flatMap((name) => [
        ...readFileSync(`server/store/${name}`, 'utf8').matchAll(/'([a-z-]+\.[a-z-]+)', '[a-z]+', id/g),
      ])
      .map((match) => match[1])
    // The type system checks the other actions.
    expect(written).toEqual(['deployment.create'])
    expect(auditActions).toContain('deployment.create')
  })
})

describe('forbidden calls', () => {
  const refusals = () =>
    cp.sql<{ actor: string; subject_id: string; after: { why: string; times?: number } }>(
      `select actor, subject_id, after from audit_log where action = 'call.refused' order by id`,
    )

  test('are audited with actor, call and reason, whether from pages, programs or the CSV export', async () => {
    const agent = await new FakeAgent(cp).join({ name: 'node-01' })
    const viewer = await cp.user('ann', 'viewer')
    const operator = await cp.user('bob', 'operator')
    const { deployment_id } = await (await cp.as('admin')).deployment.deploy(aDeployment())
    await expect(viewer.node.cordon({ id: agent.id('node-01'), cordoned: true })).rejects.toThrow('nodes.cordon')
    await expect(operator.deployment.delete({ deployment_id })).rejects.toThrow('belongs to admin')
    const token = await tokenOf('ann', userPassword)
    const refused = await cp.rest(`/deployment/${deployment_id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    })
    expect(refused.status).toBe(403)
    expect((await csv(token)).status).toBe(403)
    expect((await refusals()).map(({ actor, subject_id, after }) => [actor, subject_id, after.why])).toEqual([
      ['ann', 'node.cordon', 'The role viewer may not do this (nodes.cordon)'],
      ['bob', 'deployment.delete', 'This deployment belongs to admin: only they and administrators can change it'],
      ['ann', 'deployment.delete', 'The role viewer may not do this (deployments.changeOwn)'],
      ['ann', 'audit.csv', 'The role viewer may not do this (audit.read)'],
    ])
    const { entries } = await (await cp.as('admin')).audit.page({ action: 'call.refused', actor: 'bob' })
    expect(entries).toMatchObject([
      { actor: 'bob', address: '127.0.0.1', subject: { type: 'call', name: 'deployment.delete' } },
    ])
  })

  test('are combined into few entries with a count when repeated in a loop', async () => {
    const viewer = await cp.user('ann', 'viewer')
    for (let i = 0; i < 50; i++) await expect(viewer.audit.page({})).rejects.toThrow('audit.read')
    await expect(viewer.user.list()).rejects.toThrow('users.manage')
    await cp.services.refusalLog.flush()
    expect((await refusals()).map(({ subject_id, after }) => [subject_id, after.times ?? 1])).toEqual([
      ['audit.page', 1],
      ['user.list', 1],
      ['audit.page', 49],
    ])
  })

  test('from many addresses are combined per user', async () => {
    await cp.user('ann', 'viewer')
    const actor = await cp.actor('ann')
    for (let i = 0; i < 300; i++)
      await cp.services.refusalLog.note({ actor: { ...actor, address: `192.0.2.${i}` }, call: 'node.drain', why: 'no' })
    await cp.services.refusalLog.flush()
    const entries = await refusals()
    expect(entries.filter(({ subject_id }) => subject_id === 'node.drain')).toHaveLength(100)
    expect(entries.slice(100).map(({ actor, subject_id, after }) => [actor, subject_id, after.times ?? 1])).toEqual([
      ['ann', 'many calls', 1],
      ['ann', 'many calls', 199],
    ])
  })

  test('are not audited for callers who are not signed in, nor for calls that fail for another reason', async () => {
    await expect((await cp.as(null)).audit.page({})).rejects.toThrow('Sign in first')
    await expect((await cp.as('admin')).node.cordon({ id: 'nowhere', cordoned: true })).rejects.toThrow()
    expect(await refusals()).toEqual([])
  })
})

describe('the CSV export', () => {
  test('contains all entries that match the filters, in order, beyond one read, under a file name', async () => {
    await writeEntries(2500, '2026-01-01T00:00:00Z')
    const response = await csv(await tokenOf('admin', adminPassword), '?actor=ann')
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename="fogdeck-audit-\d{4}-\d\d-\d\d\.csv"$/,
    )
    const lines = (await response.text()).split('\r\n')
    expect(lines[0]).toBe('at,actor,address,action,subject_type,subject_id,subject_name,before,after,api_token')
    expect(lines[1]).toBe('2026-01-02T17:40:00.000Z,ann,,node.cordon,setting,key-2500,key-2500,,"{""value"":1}",')
    expect(lines.slice(1, -1).map((line) => line.split(',')[5])).toEqual(
      Array.from({ length: 1250 }, (_, i) => `key-${2500 - 2 * i}`),
    )
    expect(lines.at(-1)).toBe('')
  })

  test('contains no formula that a spreadsheet would run', async () => {
    await cp.sql(`insert into audit_log (actor, action, subject_type, subject_id)
      values ('=cmd|calc', 'setting.change', 'setting', '@SUM(1,2)')`)
    const text = await (await csv(await tokenOf('admin', adminPassword))).text()
    expect(text).toContain(`,'=cmd|calc,`)
    expect(text).toContain(`"'@SUM(1,2)"`)
  })
})

test('the audit log contains no secret, whatever was done with it', async () => {
  const admin = await cp.as('admin')
  const agent = await new FakeAgent(cp).join({ name: 'node-01' })
  await cp.user('ann', 'operator')
  const secrets = [adminPassword, userPassword, 'another secret 42', 'a third secret 43', 'hunter2', 'hunter3']
  await admin.user.setPassword({ id: await idOf('ann'), password: 'another secret 42' })
  await (await cp.as('ann')).me.changePassword({ current: 'another secret 42', next: 'a third secret 43' })
  const api = await admin.apiToken.create({ name: 'ci', scope: 'admin', expires_in_hours: 1 })
  const join = await admin.joinToken.create({ name: 'shop', max_nodes: 1, expires_in_hours: 1 })
  const { deployment_id } = await admin.deployment.deploy(aDeployment({ env: { PASSWORD: 'hunter2' } }))
  await cp.schedule()
  await admin.deployment.update({ deployment_id, env: { PASSWORD: 'hunter3' } })
  await admin.deployment.delete({ deployment_id })
  await admin.apiToken.revoke({ id: api.id })
  await admin.joinToken.revoke({ id: join.id })
  const { entries } = await admin.audit.page({ limit: 200 })
  const written = new Set(entries.map(({ action }) => action))
  for (const action of ['user.password', 'api-token.create', 'deployment.create', 'deployment.update'] as const)
    expect(written).toContain(action)
  const text = JSON.stringify(entries) + (await (await csv(await tokenOf('admin', adminPassword))).text())
  for (const secret of [...secrets, api.token, join.token, agent.credential]) expect(text).not.toContain(secret)
  expect(text).not.toContain('$argon2id$')
})

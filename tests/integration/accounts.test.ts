import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LiveChange } from '@/server/domain/views'
import { createApiToken } from '@/server/store/api-tokens'
import { createSignInLimit } from '@/server/store/sign-in-limit'
import { ensureFirstAdmin } from '@/server/store/users'
import { adminPassword, FakeAgent, type TestControlPlane, testControlPlane, userPassword } from '../control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const tokenOf = async (username: string, password: string) =>
  ((await (await cp.login(username, password)).json()) as { access_token: string }).access_token
const listWith = async (token: string) =>
  (await cp.rest('/deployment/list', { headers: { authorization: `Bearer ${token}` } })).status
const idOf = async (username: string) => (await cp.actor(username)).id

describe('signing in', () => {
  test('is refused alike for a wrong password and an unknown name', async () => {
    const wrong = await cp.login('admin', 'not the password')
    const unknown = await cp.login('nobody', 'not the password')
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(await wrong.json()).toEqual(await unknown.json())
  })

  test('is not asked for again when the token is good and the database is not there to say so', async () => {
    const token = await tokenOf('admin', adminPassword)
    await cp.sql('alter table users rename to users_away')
    expect(await listWith(token)).toBe(500)
    await cp.sql('alter table users_away rename to users')
    expect(await listWith(token)).toBe(200)
  })

  test('locks a name after repeated wrong passwords, for a while, and tells how long', async () => {
    cp.services.signInLimit = createSignInLimit(cp.store, {
      wrongTries: 3,
      windowSeconds: 60,
      lockSeconds: 2,
      freeTries: 3,
      slowestMs: 0,
    })
    for (let i = 0; i < 3; i++) expect((await cp.login('admin', 'wrong')).status).toBe(401)
    expect((await cp.login('admin', 'wrong')).status).toBe(429)
    const locked = await cp.login('admin', adminPassword)
    expect(locked.status).toBe(429)
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0)
    // Another name is not locked with it.
    await cp.user('ann', 'viewer')
    expect((await cp.login('ann', userPassword)).status).toBe(200)
    await cp.sql(`update rate_limits set expire = now() at time zone 'utc' - interval '1 second'`)
    expect((await cp.login('admin', adminPassword)).status).toBe(200)
  })

  test('answers wrong passwords later and later, and forgets them after a right one', async () => {
    const limit = createSignInLimit(cp.store)
    const delays: number[] = []
    for (let i = 0; i < 6; i++) delays.push(await limit.wrong('ann'))
    expect(delays).toEqual([0, 0, 0, 250, 500, 1000])
    await limit.right('ann')
    expect(await limit.wrong('ann')).toBe(0)
  })

  test('keeps passwords as argon2id and never writes them down', async () => {
    await cp.login('admin', adminPassword)
    await cp.login('admin', 'a wrong password nobody may see')
    const [row] = await cp.sql<{ password_hash: string }>(`select password_hash from users where username = 'admin'`)
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(cp.logged.join('\n')).not.toContain('nobody may see')
    expect(cp.logged.join('\n')).not.toContain(adminPassword)
  })
})

describe('the first administrator', () => {
  test('is made once', async () => {
    expect(await ensureFirstAdmin(cp.store, { username: 'second', password: null })).toMatchObject({
      created: false,
      password: null,
    })
    expect(await cp.sql('select username from users')).toEqual([{ username: 'admin' }])
  })

  test('gets a made-up password when none was given, and two processes make only one', async () => {
    await cp.sql('delete from users')
    const made = await Promise.all([1, 2].map(() => ensureFirstAdmin(cp.store, { username: 'root', password: null })))
    expect(made.filter((one) => one.created)).toHaveLength(1)
    const password = made.find((one) => one.created)?.password ?? ''
    expect(password.length).toBeGreaterThanOrEqual(12)
    expect((await cp.login('root', password)).status).toBe(200)
  })

  test('given a weak password is made all the same, with a warning', async () => {
    await cp.sql('delete from users')
    expect(await ensureFirstAdmin(cp.store, { username: 'root', password: 'abc' })).toMatchObject({
      created: true,
      password: null,
      weakness: expect.stringContaining('10 characters'),
    })
    expect((await cp.login('root', 'abc')).status).toBe(200)
  })
})

describe('users', () => {
  test('that are disabled are out at once: token, API token, sign-in and live stream', async () => {
    const ann = await cp.user('ann', 'operator')
    const token = await tokenOf('ann', userPassword)
    const { token: apiToken } = await createApiToken(cp.store, await cp.actor('admin'), {
      username: 'ann',
      name: 'ci',
      scope: null,
      expiresInHours: null,
    })
    expect([await listWith(token), await listWith(apiToken)]).toEqual([200, 200])
    const changes = await ann.live.changes()
    const topics: LiveChange['topic'][] = []
    const stream = (async () => {
      // Called directly, a tracked event is the tuple that goes over the wire: id, data.
      for await (const event of changes) topics.push((event as unknown as [string, LiveChange])[1].topic)
    })()
    await expect.poll(() => topics).toContain('hello')
    await (await cp.as('admin')).user.setDisabled({ id: await idOf('ann'), disabled: true })
    await stream
    expect(topics.at(-1)).toBe('session-ended')
    expect([await listWith(token), await listWith(apiToken)]).toEqual([401, 401])
    const refused = await cp.login('ann', userPassword)
    expect(refused.status).toBe(401)
    expect(((await refused.json()) as { detail: string }).detail).toContain('disabled')
    await (await cp.as('admin')).user.setDisabled({ id: await idOf('ann'), disabled: false })
    expect(await listWith(token)).toBe(401)
    expect((await cp.login('ann', userPassword)).status).toBe(200)
  })

  test('have the rights of a changed role at once', async () => {
    await cp.user('ann', 'viewer')
    await expect((await cp.as('ann')).user.list()).rejects.toThrow('may not')
    await (await cp.as('admin')).user.setRole({ id: await idOf('ann'), role: 'admin' })
    expect(await (await cp.as('ann')).user.list()).toHaveLength(2)
  })

  test('lose their sessions with a new password', async () => {
    await cp.user('ann', 'viewer')
    const token = await tokenOf('ann', userPassword)
    await (await cp.as('admin')).user.setPassword({ id: await idOf('ann'), password: 'a different one 9' })
    expect(await listWith(token)).toBe(401)
    expect((await cp.login('ann', userPassword)).status).toBe(401)
    expect((await cp.login('ann', 'a different one 9')).status).toBe(200)
  })

  test('change their own password only when they know the present one', async () => {
    const ann = await cp.user('ann', 'viewer')
    await expect(ann.me.changePassword({ current: 'guess', next: 'a different one 9' })).rejects.toThrow(
      'not your current password',
    )
    await ann.me.changePassword({ current: userPassword, next: 'a different one 9' })
    expect((await cp.login('ann', 'a different one 9')).status).toBe(200)
  })

  test('can not be named twice, nor have bad names or weak passwords', async () => {
    const admin = await cp.as('admin')
    await cp.user('ann', 'viewer')
    await expect(admin.user.create({ username: 'Ann', password: userPassword, role: 'viewer' })).rejects.toThrow(
      'already a user ann',
    )
    await expect(admin.user.create({ username: 'a b', password: userPassword, role: 'viewer' })).rejects.toThrow('a–z')
    await expect(admin.user.create({ username: 'bob', password: 'short', role: 'viewer' })).rejects.toThrow(
      '10 characters',
    )
    expect(await cp.sql('select 1 from users')).toHaveLength(2)
  })

  test('always keep one enabled administrator, also when two step down at once', async () => {
    const admin = await cp.as('admin')
    await expect(admin.user.setDisabled({ id: await idOf('admin'), disabled: true })).rejects.toThrow(
      'last enabled administrator',
    )
    await expect(admin.user.setRole({ id: await idOf('admin'), role: 'viewer' })).rejects.toThrow(
      'last enabled administrator',
    )
    const second = await cp.user('second', 'admin')
    const [adminId, secondId] = [await idOf('admin'), await idOf('second')]
    await Promise.allSettled([
      admin.user.setRole({ id: adminId, role: 'viewer' }),
      second.user.setRole({ id: secondId, role: 'viewer' }),
    ])
    expect(await cp.sql(`select 1 from users where role = 'admin'`)).toHaveLength(1)
  })

  test('leave a trace in the audit log, without secrets', async () => {
    await cp.user('ann', 'viewer')
    await (await cp.as('admin')).user.setRole({ id: await idOf('ann'), role: 'operator' })
    const entries = await cp.sql<{ actor: string; action: string; before: unknown; after: unknown }>(
      'select actor, action, before, after from audit_log order by id',
    )
    expect(entries.slice(-2)).toEqual([
      { actor: 'admin', action: 'user.create', before: null, after: { username: 'ann', role: 'viewer' } },
      { actor: 'admin', action: 'user.role', before: { role: 'viewer' }, after: { role: 'operator' } },
    ])
    expect(JSON.stringify(entries)).not.toContain(userPassword)
  })
})

describe('join tokens', () => {
  const join = (joinToken: string | null, ...names: string[]) => {
    const credential = `${names[0]}-credential`.padEnd(40, 'x')
    return cp.as(null).then((nobody) =>
      nobody.agent.join({
        joinToken,
        credential,
        agentVersion: 'test',
        nodes: names.map((name) => ({
          name,
          region: 'us-east',
          type: 'compute_node',
          labels: {},
          engine: 'simulated' as const,
          engineVersion: null,
          cpuCores: 2,
          memoryMb: 2048,
          storageGb: 10,
          gpuUnits: 0,
          latitude: null,
          longitude: null,
        })),
      }),
    )
  }

  test('let as many nodes join as they say, and no more', async () => {
    const admin = await cp.as('admin')
    const { token, command } = await admin.joinToken.create({ name: 'shop', max_nodes: 1, expires_in_hours: 1 })
    expect(command).toBe(`FOGDECK_JOIN_TOKEN=${token} npm run agent -- --server http://localhost:3000`)
    await join(token, 'node-01')
    await expect(join(token, 'node-02')).rejects.toThrow('used up')
    // The same program again needs no token: a lost answer is simply asked for again.
    await join(token, 'node-01')
    await join(null, 'node-01')
    expect(await admin.joinToken.list()).toMatchObject([
      { name: 'shop', maxNodes: 1, joinedNodes: 1, state: 'used up', nodes: [{ nodeId: 'node-01' }] },
    ])
  })

  test('count nodes, not the programs that bring them', async () => {
    const admin = await cp.as('admin')
    const { token } = await admin.joinToken.create({ name: 'lab', max_nodes: 3, expires_in_hours: 1 })
    await expect(join(token, 'a-1', 'a-2', 'a-3', 'a-4')).rejects.toThrow(
      'good for 3 more nodes, and 4 want to join: make one that is good for 4 nodes',
    )
    expect(await cp.sql('select 1 from nodes')).toEqual([])
    await join(token, 'a-1', 'a-2')
    expect(await admin.joinToken.list()).toMatchObject([{ joinedNodes: 2, state: 'usable' }])
    // Two programs at once, and one node left.
    const both = await Promise.allSettled([join(token, 'b-1'), join(token, 'c-1')])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await admin.joinToken.list()).toMatchObject([{ joinedNodes: 3, state: 'used up' }])
    expect(await cp.sql('select 1 from nodes')).toHaveLength(3)
  })

  test('are asked for before anything is told, such as which names there are', async () => {
    const { token } = await (await cp.as('admin')).joinToken.create({ name: 'x', max_nodes: 1, expires_in_hours: 1 })
    await join(token, 'node-01')
    const stranger = async (...names: string[]) => join('fdj_guess', ...names).catch((error: Error) => error.message)
    expect(await stranger('new-1', 'node-01')).toBe(await stranger('new-1', 'free-name'))
  })

  test('that are revoked, expired or unknown say which', async () => {
    const admin = await cp.as('admin')
    const { id, token } = await admin.joinToken.create({ name: 'a', max_nodes: null, expires_in_hours: 1 })
    await admin.joinToken.revoke({ id })
    await expect(join(token, 'node-01')).rejects.toThrow('revoked')
    const late = await admin.joinToken.create({ name: 'b', max_nodes: null, expires_in_hours: 1 })
    await cp.sql(`update join_tokens set expires_at = now() - interval '1 second' where id = $1`, [late.id])
    await expect(join(late.token, 'node-01')).rejects.toThrow('expired')
    await expect(join('fdj_nothing', 'node-01')).rejects.toThrow('not known')
    expect(await cp.sql('select 1 from nodes')).toEqual([])
  })

  test('are only for administrators, and never stored in the clear', async () => {
    const operator = await cp.user('ann', 'operator')
    await expect(operator.joinToken.create({ name: 'x', max_nodes: 1, expires_in_hours: 1 })).rejects.toThrow('may not')
    const { token } = await (await cp.as('admin')).joinToken.create({ name: 'x', max_nodes: 1, expires_in_hours: 1 })
    expect(JSON.stringify(await cp.sql('select * from join_tokens'))).not.toContain(token)
  })

  test('an agent without a node is told to join', async () => {
    const stranger = new FakeAgent(cp)
    await expect(stranger.heartbeat()).rejects.toThrow('join again')
  })
})

import { randomUUID } from 'node:crypto'
import { verify } from '@node-rs/argon2'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { unknownMachine } from '@/core/agents/identity'
import type { LiveChange } from '@/core/views/live'
import { signIn } from '@/server/api/context/auth'
import { createApiToken } from '@/server/store/accounts/api-tokens'
import { createSignInLimit, signInLimits } from '@/server/store/accounts/sign-in-limit'
import { ensureFirstAdmin } from '@/server/store/accounts/users'
import {
  adminPassword,
  FakeAgent,
  type TestControlPlane,
  testControlPlane,
  userPassword,
} from '@/testing/control-plane'

// The real argon2, with its calls counted.
vi.mock('@node-rs/argon2', { spy: true })
const hashForm = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const tokenOf = async (username: string, password: string) =>
  ((await (await cp.login(username, password)).json()) as { access_token: string }).access_token
const listWith = async (token: string) =>
  (await cp.rest('/deployment/list', { headers: { authorization: `Bearer ${token}` } })).status
/** Signs in from that address and returns "in", or why it was refused. */
const signInFrom = (address: string, username: string, password: string): Promise<string> =>
  signIn(cp.services, { username, password }, { kind: 'browser', address, userAgent: null }).then(
    () => 'in',
    (error: Error) => error.message,
  )
/** Lowers the limit on attempts per username and network. */
const limitPair = (tries: number) => {
  cp.services.signInLimit = createSignInLimit(cp.store, { ...signInLimits, pair: { ...signInLimits.pair, tries } })
}

const pastLocks = () => cp.sql(`update rate_limits set expire = now() at time zone 'utc' - interval '1 second'`)
const idOf = async (username: string) => (await cp.actor(username)).id

describe('signing in', () => {
  test('gives the same answer for a wrong password and for an unknown user', async () => {
    const wrong = await cp.login('admin', 'not the password')
    const unknown = await cp.login('nobody', 'not the password')
    expect([wrong.status, unknown.status]).toEqual([401, 401])
    expect(await wrong.json()).toEqual(await unknown.json())
  })

  test('is not demanded again when the token is valid but the database cannot confirm it', async () => {
    const token = await tokenOf('admin', adminPassword)
    await cp.sql('alter table users rename to users_away')
    expect(await listWith(token)).toBe(500)
    await cp.sql('alter table users_away rename to users')
    expect(await listWith(token)).toBe(200)
  })

  test('never checks more wrong passwords than the limit allows, however many are tried concurrently', async () => {
    const tries = Array.from({ length: 100 }, (_, i) => cp.login('admin', `wrong ${i}`))
    const statuses = (await Promise.all(tries)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    expect(statuses.filter((status) => status === 401)).toHaveLength(signInLimits.pair.tries)
    // The same attempts without the queue, which refuses most of them before they are counted.
    const limit = createSignInLimit(cp.store)
    const counted = await Promise.all(
      Array.from({ length: 100 }, () => limit.signIn({ username: 'ann', address: '192.0.2.1' })),
    )
    expect(counted.filter(({ lockedSeconds }) => lockedSeconds === null)).toHaveLength(signInLimits.pair.tries)
  })

  test('is locked for a while after wrong passwords, says for how long, and affects no other name or network', async () => {
    limitPair(3)
    await cp.user('ann', 'viewer')
    for (let i = 0; i < 3; i++) expect((await cp.login('admin', 'wrong')).status).toBe(401)
    const locked = await cp.login('admin', adminPassword)
    expect(locked.status).toBe(429)
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(signInLimits.pair.lockSeconds - 60)
    expect((await cp.login('ann', userPassword)).status).toBe(200)
    expect(await signInFrom('203.0.113.9', 'admin', adminPassword)).toBe('in')
    // Further attempts do not extend the lock.
    const expiry = async () => (await cp.sql('select max(expire) as at from rate_limits'))[0]
    const before = await expiry()
    expect((await cp.login('admin', 'wrong')).status).toBe(429)
    expect(await expiry()).toEqual(before)
    await pastLocks()
    expect((await cp.login('admin', adminPassword)).status).toBe(200)
  })

  test('counts an IPv6 address by its network, and clears the count after a correct password', async () => {
    limitPair(3)
    for (let i = 0; i < 3; i++) await signInFrom(`2001:db8:1:2::${i}`, 'admin', 'wrong')
    expect(await signInFrom('2001:db8:1:2::ffff', 'admin', adminPassword)).toMatch(/locked for \d+ s/)
    expect(await signInFrom('2001:db8:1:3::1', 'admin', 'wrong')).toBe('Username or password is wrong')
    for (let i = 0; i < 9; i++)
      expect(await signInFrom('192.0.2.7', 'admin', i % 3 === 0 ? adminPassword : 'wrong')).not.toContain('locked')
  })

  test('still works from a network its owner has used before while the name is attacked from everywhere', async () => {
    cp.services.signInLimit = createSignInLimit(cp.store, {
      ...signInLimits,
      name: { ...signInLimits.name, tries: 5 },
    })
    expect(await signInFrom('198.51.100.1', 'admin', adminPassword)).toBe('in')
    for (let i = 0; i < 5; i++) expect(await signInFrom(`192.0.2.${i}`, 'admin', 'wrong')).not.toContain('locked')
    expect(await signInFrom('192.0.2.99', 'admin', 'wrong')).toContain('locked')
    expect(await signInFrom('192.0.2.99', 'admin', adminPassword)).toContain('locked')
    expect(await signInFrom('198.51.100.1', 'admin', adminPassword)).toBe('in')
    // Other usernames are not affected.
    await cp.user('ann', 'viewer')
    expect(await signInFrom('192.0.2.99', 'ann', userPassword)).toBe('in')
  })

  test('is refused from an address that tries many names, except for users who have signed in from it before', async () => {
    cp.services.signInLimit = createSignInLimit(cp.store, {
      ...signInLimits,
      network: { ...signInLimits.network, tries: 5 },
    })
    expect(await signInFrom('192.0.2.1', 'admin', adminPassword)).toBe('in')
    await cp.user('ann', 'viewer')
    for (let i = 0; i < 5; i++) expect(await signInFrom('192.0.2.1', `name-${i}`, 'wrong')).not.toContain('locked')
    expect(await signInFrom('192.0.2.1', 'ann', userPassword)).toContain('locked')
    expect(await signInFrom('192.0.2.1', 'admin', adminPassword)).toBe('in')
    expect(await signInFrom('192.0.2.2', 'ann', userPassword)).toBe('in')
  })

  test('costs the same work for an unknown username as for an invalid one', async () => {
    await cp.user('ann', 'viewer')
    await (await cp.as('admin')).user.setDisabled({ id: await idOf('ann'), disabled: true })
    for (const username of ['admin', 'ann', 'nobody', 'Not A Name', 'x'.repeat(200)]) {
      vi.mocked(verify).mockClear()
      expect((await cp.login(username, 'wrong')).status).toBe(401)
      expect(vi.mocked(verify).mock.calls).toEqual([[expect.stringMatching(hashForm), 'wrong']])
    }
  })

  test('is recorded in the audit log, and a flood of attempts becomes a few entries', async () => {
    limitPair(3)
    await cp.user('ann', 'viewer')
    await cp.login('ann', userPassword)
    for (let i = 0; i < 8; i++) await cp.login('ann', 'wrong')
    for (let i = 0; i < 3; i++) await cp.login(`my password ${i}`, 'wrong')
    await cp.services.signInLog.flush()
    const entries = await cp.sql<{ actor: string; action: string; subject_id: string; after: object }>(
      `select actor, action, subject_id, after from audit_log where action ~ 'sign-in' order by id`,
    )
    const [id, nobody] = [await idOf('ann'), '00000000-0000-0000-0000-000000000000']
    expect(entries).toEqual([
      { actor: 'ann', action: 'session.sign-in', subject_id: id, after: { as: 'program' } },
      { actor: 'nobody', action: 'sign-in.wrong', subject_id: id, after: {} },
      { actor: 'nobody', action: 'sign-in.locked', subject_id: id, after: {} },
      { actor: 'nobody', action: 'sign-in.wrong', subject_id: nobody, after: { name: 'unknown user' } },
      { actor: 'nobody', action: 'sign-in.wrong', subject_id: id, after: { times: 2 } },
      { actor: 'nobody', action: 'sign-in.locked', subject_id: id, after: { times: 4 } },
      { actor: 'nobody', action: 'sign-in.wrong', subject_id: nobody, after: { name: 'unknown user', times: 2 } },
    ])
    expect(JSON.stringify(await (await cp.as('admin')).audit.page({ limit: 200 }))).not.toContain('my password')
    const flood = Array.from({ length: 300 }, (_, i) => ({
      action: 'sign-in.wrong' as const,
      user: null,
      address: `192.0.2.${i}`,
    }))
    for (const event of flood) await cp.services.signInLog.note(event)
    await cp.services.signInLog.flush()
    expect(await cp.sql(`select 1 from audit_log where address like '192.0.2.%'`)).toHaveLength(100)
    expect(
      await cp.sql(
        `select after->'times' as times from audit_log where action = 'sign-in.wrong' order by id desc limit 1`,
      ),
    ).toEqual([{ times: 199 }])
  })

  test('keeps passwords as argon2id hashes and never logs or stores them in the clear', async () => {
    await cp.login('admin', adminPassword)
    await cp.login('admin', 'a wrong password nobody may see')
    const [row] = await cp.sql<{ password_hash: string }>(`select password_hash from users where username = 'admin'`)
    expect(row?.password_hash).toMatch(hashForm)
    expect(cp.logged.join('\n')).not.toContain('nobody may see')
    expect(cp.logged.join('\n')).not.toContain(adminPassword)
  })
})

describe('the first administrator', () => {
  test('is created once', async () => {
    expect(await ensureFirstAdmin(cp.store, { username: 'second', password: null })).toMatchObject({
      created: false,
      password: null,
    })
    expect(await cp.sql('select username from users')).toEqual([{ username: 'admin' }])
  })

  test('gets a generated password when none was given, and two processes create only one', async () => {
    await cp.sql('delete from users')
    const made = await Promise.all([1, 2].map(() => ensureFirstAdmin(cp.store, { username: 'root', password: null })))
    expect(made.filter((one) => one.created)).toHaveLength(1)
    const password = made.find((one) => one.created)?.password ?? ''
    expect(password.length).toBeGreaterThanOrEqual(12)
    expect((await cp.login('root', password)).status).toBe(200)
  })

  test('is created even with a weak password, with a warning', async () => {
    await cp.sql('delete from users')
    expect(await ensureFirstAdmin(cp.store, { username: 'root', password: 'abc' })).toMatchObject({
      created: true,
      password: null,
      weakness: expect.stringContaining('12 characters'),
    })
    expect((await cp.login('root', 'abc')).status).toBe(200)
  })
})

describe('users', () => {
  test('lose access at once when disabled: access token, API token, sign-in and live stream', async () => {
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
      // A direct call yields the tuple that a tracked event has on the wire: id, data.
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

  test('lose their sessions when their password is reset', async () => {
    await cp.user('ann', 'viewer')
    const token = await tokenOf('ann', userPassword)
    await (await cp.as('admin')).user.setPassword({ id: await idOf('ann'), password: 'a different one 9' })
    expect(await listWith(token)).toBe(401)
    expect((await cp.login('ann', userPassword)).status).toBe(401)
    expect((await cp.login('ann', 'a different one 9')).status).toBe(200)
  })

  test('must give the current password to change their own', async () => {
    const ann = await cp.user('ann', 'viewer')
    await expect(ann.me.changePassword({ current: 'guess', next: 'a different one 9' })).rejects.toThrow(
      'not your current password',
    )
    await ann.me.changePassword({ current: userPassword, next: 'a different one 9' })
    expect((await cp.login('ann', 'a different one 9')).status).toBe(200)
  })

  test('may guess the current password no more often than at sign-in, and a lock affects only that session', async () => {
    limitPair(3)
    const ann = await cp.user('ann', 'viewer')
    const guesses = Array.from({ length: 12 }, (_, i) =>
      ann.me.changePassword({ current: `${i}`, next: 'a different one 9' }),
    )
    const answers = await Promise.all(guesses.map((guess) => guess.then(String, (error: Error) => error.message)))
    expect(answers.filter((answer) => answer === 'That is not your current password')).toHaveLength(3)
    expect(answers.filter((answer) => answer.includes('locked for'))).toHaveLength(9)
    await expect(ann.me.changePassword({ current: userPassword, next: 'a different one 9' })).rejects.toThrow('locked')
    expect((await cp.login('ann', userPassword)).status).toBe(200)
  })

  test('cannot share a username, have an invalid one or a weak password', async () => {
    const admin = await cp.as('admin')
    await cp.user('ann', 'viewer')
    await expect(admin.user.create({ username: 'Ann', password: userPassword, role: 'viewer' })).rejects.toThrow(
      'already a user ann',
    )
    await expect(admin.user.create({ username: 'a b', password: userPassword, role: 'viewer' })).rejects.toThrow('a–z')
    await expect(admin.user.create({ username: 'bob', password: 'short', role: 'viewer' })).rejects.toThrow(
      '12 characters',
    )
    expect(await cp.sql('select 1 from users')).toHaveLength(2)
  })

  test('always include an enabled administrator, even when two step down concurrently', async () => {
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

  test('appear in the audit log without secrets when they change', async () => {
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
  const instance = randomUUID()
  const join = (joinToken: string | null, ...names: string[]) => {
    const credential = `${names[0]}-credential`.padEnd(40, 'x')
    const caller = cp.as(null, { agentCredential: credential, agentInstance: instance, joinToken })
    return caller.then((nobody) =>
      nobody.agent.join({
        machine: unknownMachine,
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

  test('let exactly as many nodes join as they allow', async () => {
    const admin = await cp.as('admin')
    const { token, command } = await admin.joinToken.create({ name: 'shop', max_nodes: 1, expires_in_hours: 1 })
    expect(command).toBe(`FOGDECK_JOIN_TOKEN=${token} npm run agent -- --server http://localhost:3000`)
    await join(token, 'node-01')
    await expect(join(token, 'node-02')).rejects.toThrow('used up')
    // The same agent needs no token to ask again after it lost the answer.
    await join(token, 'node-01')
    await join(null, 'node-01')
    expect(await admin.joinToken.list()).toMatchObject([
      { name: 'shop', maxNodes: 1, joinedNodes: 1, state: 'used up', nodes: [{ nodeId: 'node-01' }] },
    ])
  })

  test('count nodes, not agents', async () => {
    const admin = await cp.as('admin')
    const { token } = await admin.joinToken.create({ name: 'lab', max_nodes: 3, expires_in_hours: 1 })
    await expect(join(token, 'a-1', 'a-2', 'a-3', 'a-4')).rejects.toThrow(
      'good for 3 more nodes, and 4 want to join: make one that is good for 4 nodes',
    )
    expect(await cp.sql('select 1 from nodes')).toEqual([])
    await join(token, 'a-1', 'a-2')
    expect(await admin.joinToken.list()).toMatchObject([{ joinedNodes: 2, state: 'usable' }])
    // Two agents join at once while the token allows one more node.
    const both = await Promise.allSettled([join(token, 'b-1'), join(token, 'c-1')])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await admin.joinToken.list()).toMatchObject([{ joinedNodes: 3, state: 'used up' }])
    expect(await cp.sql('select 1 from nodes')).toHaveLength(3)
  })

  test('are checked before the answer reveals anything, such as which node names exist', async () => {
    const { token } = await (await cp.as('admin')).joinToken.create({ name: 'x', max_nodes: 1, expires_in_hours: 1 })
    await join(token, 'node-01')
    const stranger = async (...names: string[]) => join('fdj_guess', ...names).catch((error: Error) => error.message)
    expect(await stranger('new-1', 'node-01')).toBe(await stranger('new-1', 'free-name'))
  })

  test('are refused with the reason when they are revoked, expired or unknown', async () => {
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

  test('can be created only by administrators and are never stored in the clear', async () => {
    const operator = await cp.user('ann', 'operator')
    await expect(operator.joinToken.create({ name: 'x', max_nodes: 1, expires_in_hours: 1 })).rejects.toThrow('may not')
    const { token } = await (await cp.as('admin')).joinToken.create({ name: 'x', max_nodes: 1, expires_in_hours: 1 })
    expect(JSON.stringify(await cp.sql('select * from join_tokens'))).not.toContain(token)
  })

  test('tell an agent without a node to join', async () => {
    const stranger = new FakeAgent(cp)
    await expect(stranger.heartbeat()).rejects.toThrow('join again')
  })
})

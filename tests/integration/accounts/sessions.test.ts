import { SignJWT } from 'jose'
import { encode } from 'next-auth/jwt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { keptSessions, type SessionView } from '@/core/accounts/sessions'
import type { LiveChange } from '@/core/views/live'
import { handleNextAuth } from '@/server/api/http/next-auth'
import { pruneSessions, startSession } from '@/server/store/accounts/sessions'
import { findAccount } from '@/server/store/accounts/users'
import { TestBrowser } from '@/testing/browser'
import { adminPassword, type TestControlPlane, testControlPlane, userPassword } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const idOf = async (username: string) => (await cp.actor(username)).id
const tokenOf = async (username: string, password = userPassword) =>
  ((await (await cp.login(username, password)).json()) as { access_token: string }).access_token
const listWith = async (token: string) =>
  (await cp.rest('/deployment/list', { headers: { authorization: `Bearer ${token}` } })).status

/** Signs in with a new browser. */
async function signedIn(username: string, password = userPassword, userAgent?: string): Promise<TestBrowser> {
  const browser = new TestBrowser(cp, userAgent)
  expect((await browser.signIn(username, password)).status).toBe(200)
  return browser
}

const statusOf = async (browser: TestBrowser) => (await browser.call('me.get')).status
const sessionsOf = (browser: TestBrowser) => browser.ask<SessionView[]>('me.sessions')

/** Collects the topics of a live stream, and says when the stream ended. */
async function streamOf(caller: Awaited<ReturnType<TestControlPlane['as']>>) {
  const changes = await caller.live.changes()
  const topics: LiveChange['topic'][] = []
  const over = (async () => {
    // A direct call yields the tuple that a tracked event has on the wire: id, data.
    for await (const event of changes) topics.push((event as unknown as [string, LiveChange])[1].topic)
  })()
  // Streams that are still open end with the control plane.
  over.catch(() => undefined)
  await expect.poll(() => topics).toContain('hello')
  return { topics, over }
}

describe('signing out', () => {
  test('ends the session: the old cookie is refused at the next call and is not renewed', async () => {
    const browser = await signedIn('admin', adminPassword)
    const copied = browser.copy()
    expect([await statusOf(browser), await statusOf(copied)]).toEqual([200, 200])
    expect(await (await copied.auth('session')).json()).toEqual({ user: { name: 'admin' } })
    expect((await browser.signOut()).status).toBe(200)
    expect(browser.cookie).not.toContain('session-token')
    const refused = await copied.call('me.get')
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('The session has ended: sign in again')
    const asked = await copied.auth('session')
    expect([await asked.json(), asked.headers.getSetCookie()]).toEqual([{}, []])
    expect(await statusOf(copied)).toBe(401)
    expect(
      await cp.sql(
        `select actor, action, before->>'device' as device from audit_log where action like 'session.%' order by id`,
      ),
    ).toEqual([
      { actor: 'admin', action: 'session.sign-in', device: null },
      { actor: 'admin', action: 'session.sign-out', device: 'Firefox on Linux' },
    ])
  })

  test('ends the live streams of that session and of no other', async () => {
    await cp.user('ann', 'viewer')
    const browser = await signedIn('ann')
    const [current] = await sessionsOf(browser)
    const actor = await cp.actor('ann')
    const ending = await streamOf(await cp.as('ann', { actor: { ...actor, sessionId: current?.id ?? '' } }))
    const other = await streamOf(await cp.as('ann'))
    await browser.signOut()
    await ending.over
    expect(ending.topics.at(-1)).toBe('session-ended')
    await expect.poll(() => other.topics).toContain('session')
    expect(other.topics).not.toContain('session-ended')
  })

  test('is not reported as done when the database did not store it', async () => {
    const browser = await signedIn('admin', adminPassword)
    await cp.sql('alter table sessions rename to sessions_away')
    const answer = await browser.signOut()
    await cp.sql('alter table sessions_away rename to sessions')
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([500, []])
    expect(await statusOf(browser)).toBe(200)
  })
})

describe('the list of sessions', () => {
  test('shows the valid sessions, marks the current one, and can end each', async () => {
    await cp.user('ann', 'operator')
    const here = await signedIn('ann')
    const there = await signedIn('ann', userPassword, 'curl/8.5.0')
    const token = await tokenOf('ann')
    // Leaves out the session of the caller that created ann.
    const listed = (await sessionsOf(here)).filter(({ kind, device }) => kind === 'program' || device !== null)
    expect(listed.map(({ kind, device, current }) => [kind, device, current]).sort()).toEqual(
      [
        ['browser', 'Firefox on Linux', true],
        ['browser', 'curl/8.5.0', false],
        ['program', null, false],
      ].sort(),
    )
    const other = listed.find(({ device }) => device === 'curl/8.5.0')
    const program = listed.find(({ kind }) => kind === 'program')
    expect((await here.call('me.endSession', { id: other?.id })).status).toBe(200)
    expect([await statusOf(here), await statusOf(there), await listWith(token)]).toEqual([200, 401, 200])
    expect((await here.call('me.endSession', { id: program?.id })).status).toBe(200)
    expect(await listWith(token)).toBe(401)
    expect((await sessionsOf(here)).map(({ id }) => id)).not.toContain(program?.id)
    // The current session can be ended, too.
    expect((await here.call('me.endSession', { id: listed.find(({ current }) => current)?.id })).status).toBe(200)
    expect(await statusOf(here)).toBe(401)
  })

  test('ends all other sessions at once, in browsers and of access tokens, but no API token', async () => {
    const ann = await cp.user('ann', 'operator')
    const [here, elsewhere, accessToken] = [await signedIn('ann'), await signedIn('ann'), await tokenOf('ann')]
    const apiToken = await ann.apiToken.create({ name: 'ci', scope: 'viewer', expires_in_hours: null })
    expect((await here.call('me.endSessions', {})).status).toBe(200)
    expect([await statusOf(here), await statusOf(elsewhere)]).toEqual([200, 401])
    expect([await listWith(accessToken), await listWith(apiToken.token)]).toEqual([401, 200])
    expect(await sessionsOf(here)).toMatchObject([{ current: true }])
    expect(await cp.sql(`select actor, subject_id from audit_log where action = 'user.end-sessions'`)).toEqual([
      { actor: 'ann', subject_id: await idOf('ann') },
    ])
  })

  test('lets administrators list and end sessions of other users, whose open pages are notified', async () => {
    const ann = await cp.user('ann', 'viewer')
    const theirs = await signedIn('ann')
    const admin = await signedIn('admin', adminPassword)
    const id = await idOf('ann')
    const listed = await admin.ask<SessionView[]>(`user.sessions?input=${encodeURIComponent(JSON.stringify({ id }))}`)
    expect(listed.every(({ current }) => !current)).toBe(true)
    const one = listed.find(({ device }) => device === 'Firefox on Linux')
    expect((await admin.call('user.endSession', { id, session_id: one?.id })).status).toBe(200)
    expect(await statusOf(theirs)).toBe(401)
    const stream = await streamOf(ann)
    expect((await admin.call('user.endSessions', { id })).status).toBe(200)
    await stream.over
    expect(stream.topics.at(-1)).toBe('session-ended')
    expect(await statusOf(admin)).toBe(200)
    expect((await cp.login('ann', userPassword)).status).toBe(200)
    expect(
      await cp.sql(
        `select actor, action, subject_id from audit_log where action in ('session.end', 'user.end-sessions') order by id`,
      ),
    ).toEqual([
      { actor: 'admin', action: 'session.end', subject_id: id },
      { actor: 'admin', action: 'user.end-sessions', subject_id: id },
    ])
  })

  test('keeps administrators signed in when they end their own other sessions', async () => {
    const admin = await signedIn('admin', adminPassword)
    expect((await admin.call('user.endSessions', { id: await idOf('admin') })).status).toBe(200)
    expect(await statusOf(admin)).toBe(200)
  })

  test('hides the sessions of other users, and is closed to API tokens', async () => {
    const victim = (await cp.actor('admin')).sessionId ?? ''
    for (const role of ['viewer', 'operator'] as const) {
      const user = await cp.user(`a-${role}`, role)
      const id = await idOf('admin')
      await expect(user.user.endSessions({ id })).rejects.toThrow('may not')
      await expect(user.user.sessions({ id })).rejects.toThrow('may not')
      await expect(user.user.endSession({ id, session_id: victim })).rejects.toThrow('may not')
      await expect(user.me.endSession({ id: victim })).rejects.toThrow('There is no session')
    }
    await expect((await cp.as(null)).me.endSessions()).rejects.toThrow('Sign in first')
    const admin = await cp.as('admin')
    await expect(admin.user.endSessions({ id: 'nobody' })).rejects.toThrow('There is no user nobody')
    await expect(admin.me.endSession({ id: 'none' })).rejects.toThrow('There is no session none')
    const byToken = await cp.as('admin', { actor: { ...(await cp.actor('admin')), apiTokenId: 'some' } })
    for (const call of [
      () => byToken.me.endSessions(),
      () => byToken.me.sessions(),
      () => byToken.me.endSession({ id: victim }),
    ])
      await expect(call()).rejects.toThrow('An API token may not do this')
    expect(await cp.sql('select 1 from sessions where ended_at is not null')).toEqual([])
  })
})

describe('a session is over', () => {
  test('after its idle limit without a request, and at its absolute limit', async () => {
    const [idle, old, good] = [
      await signedIn('admin', adminPassword),
      await signedIn('admin', adminPassword),
      await signedIn('admin', adminPassword),
    ]
    const [idleId, oldId] = await Promise.all(
      [idle, old].map(async (browser) => (await sessionsOf(browser)).find(({ current }) => current)?.id),
    )
    await cp.sql(`update sessions set last_seen_at = now() - interval '12 hours' where id = $1`, [idleId])
    await cp.sql(`update sessions set expires_at = now() where id = $1`, [oldId])
    expect([await statusOf(idle), await statusOf(old), await statusOf(good)]).toEqual([401, 401, 200])
    expect(await (await idle.call('me.get')).text()).toContain('The session has expired: sign in again')
  })

  test('together with its stream; the stream of an expired API token ends as well', async () => {
    const ann = await cp.user('ann', 'viewer')
    const session = await streamOf(ann)
    const { id } = await ann.apiToken.create({ name: 'ci', scope: 'viewer', expires_in_hours: 1 })
    const actor = { ...(await cp.actor('ann')), apiTokenId: id }
    await cp.sql(`update api_tokens set expires_at = now() + interval '1 second' where id = $1`, [id])
    const token = await streamOf(await cp.as('ann', { actor }))
    await token.over
    expect(token.topics.at(-1)).toBe('session-ended')
    expect(session.topics).not.toContain('session-ended')
    await cp.sql(`update sessions set expires_at = now() + interval '1 second' where id = $1`, [
      (await cp.actor('ann')).sessionId,
    ])
    // The stream checks again when something about its user changes.
    await cp.login('ann', userPassword)
    await session.over
    expect(session.topics.at(-1)).toBe('session-ended')
  })

  test('if the password changed while it was being created', async () => {
    await cp.user('ann', 'viewer')
    const account = await findAccount(cp.store, await idOf('ann'))
    await (await cp.as('admin')).user.setPassword({ id: await idOf('ann'), password: 'a different one 9' })
    if (!account) throw new Error('There is no ann')
    const { id } = await startSession(cp.store.pool, account, { kind: 'browser', address: null, userAgent: null })
    const cookie = `next-auth.session-token=${await encode({ token: { sub: account.id, sid: id }, secret: cp.services.authSecret })}`
    const late = new TestBrowser(cp)
    late.cookies.set(...(cookie.split('=', 2) as [string, string]))
    expect(await statusOf(late)).toBe(401)
  })

  test('everywhere but where its user changed the password', async () => {
    await cp.user('ann', 'viewer')
    const [here, there] = [await signedIn('ann'), await signedIn('ann')]
    const change = { current: userPassword, next: 'a different one 9' }
    expect((await here.call('me.changePassword', change)).status).toBe(200)
    expect([await statusOf(here), await statusOf(there)]).toEqual([200, 401])
  })
})

test('last use is recorded at most once a minute', async () => {
  const browser = await signedIn('admin', adminPassword)
  const [current] = await sessionsOf(browser)
  const version = async () =>
    (await cp.sql<{ xmin: string }>('select xmin::text from sessions where id = $1', [current?.id]))[0]?.xmin
  const first = await version()
  await Promise.all(Array.from({ length: 20 }, () => statusOf(browser)))
  expect(await version()).toBe(first)
  await cp.sql(`update sessions set last_seen_at = now() - interval '61 seconds' where id = $1`, [current?.id])
  const second = await version()
  await Promise.all(Array.from({ length: 20 }, () => statusOf(browser)))
  const third = await version()
  expect(third).not.toBe(second)
  await statusOf(browser)
  expect(await version()).toBe(third)
})

test('the number of sessions of a user is limited, and old ones are deleted', async () => {
  const id = await idOf('admin')
  await cp.sql(
    `insert into sessions (id, user_id, kind, epoch, expires_at, network, last_seen_at)
     select uuidv7(), $1, 'program', 0, now() + interval '1 hour', 'x', now() - make_interval(mins => i) from generate_series(1, $2) i`,
    [id, keptSessions + 20],
  )
  const token = await tokenOf('admin', adminPassword)
  expect(await listWith(token)).toBe(200)
  const count = async () => (await cp.sql(`select 1 from sessions where kind = 'program'`)).length
  expect(await count()).toBe(keptSessions)
  await cp.sql(`update sessions set ended_at = now() - interval '91 days' where kind = 'program' and network = 'x'`)
  const before = new Date(Date.now() - 90 * 86_400_000)
  expect(await pruneSessions(cp.store, { epoch: cp.epoch, before })).toBe(keptSessions - 1)
  expect([await count(), await listWith(token)]).toEqual([1, 200])
})

describe('a request is refused if it carries', () => {
  const withCookie = (value: string) => {
    const browser = new TestBrowser(cp)
    browser.cookies.set('next-auth.session-token', value)
    return statusOf(browser)
  }

  test('a forged cookie or access token, one signed with another secret, or one in place of the other', async () => {
    const { id, sessionId: sid } = await cp.actor('admin')
    const claims = { sub: id, sid: sid ?? '' }
    const secret = cp.services.authSecret
    const key = new TextEncoder().encode(secret)
    const good = await encode({ token: claims, secret })
    const accessToken = await tokenOf('admin', adminPassword)
    expect([await withCookie(good), await listWith(accessToken)]).toEqual([200, 200])
    const unsigned = `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ ...claims, iss: 'fogdeck' }))}.`
    const plain = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setIssuer('fogdeck').sign(key)
    const strange = await encode({ token: claims, secret: 'another secret, which is no less long' })
    for (const forged of [unsigned, plain, strange, `${good.slice(0, -4)}AAAA`, accessToken])
      expect(await withCookie(forged)).toBe(401)
    for (const forged of [unsigned, plain, strange, good, `${accessToken.slice(0, -4)}AAAA`])
      expect(await listWith(forged)).toBe(401)
  })

  test('a signed token whose session never existed', async () => {
    const secret = cp.services.authSecret
    const sub = await idOf('admin')
    for (const sid of ['01a208da-0000-7000-8000-000000000000', 'x', undefined])
      expect(await withCookie(await encode({ token: { sub, ...(sid && { sid }) }, secret }))).toBe(401)
  })

  test('a change that another site triggered', async () => {
    const browser = await signedIn('admin', adminPassword)
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'http://evil.example' },
    ])
      expect((await browser.call('me.endSessions', {}, headers)).status).toBe(401)
    // Signing in or out also needs the token that only our own pages can read.
    expect(await (await browser.auth('signout', { json: 'true' })).json()).toMatchObject({
      url: expect.stringContaining('csrf'),
    })
    const other = new TestBrowser(cp)
    await other.auth('callback/credentials', { username: 'admin', password: adminPassword, json: 'true' })
    expect(other.cookie).not.toContain('session-token')
    expect(await statusOf(browser)).toBe(200)
  })
})

describe('/api/auth', () => {
  const post = (path: string, body: string, type = 'application/x-www-form-urlencoded') =>
    handleNextAuth(
      cp.services,
      new Request(`http://localhost:3000/api/auth/${path}`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      }),
    )

  test('writes no log line for a stranger, and answers only the calls that pages use', async () => {
    const logged = cp.logged.length
    const line = JSON.stringify({ level: 'error', code: 'SIGNIN_ERROR', message: 'nonsense' })
    expect((await post('_log', line, 'application/json')).status).toBe(404)
    for (const path of ['session', 'signin/credentials', 'callback/other', 'nothing'])
      expect((await post(path, 'json=true')).status).toBe(404)
    for (const path of ['providers', 'verify-request', 'nothing', '_log'])
      expect((await new TestBrowser(cp).auth(path)).status).toBe(404)
    expect(cp.logged.slice(logged)).toEqual([])
  })

  test('reads at most 16 kB, whatever length is announced', async () => {
    expect((await post('callback/credentials', `username=${'a'.repeat(16 * 1024)}`)).status).toBe(413)
    expect((await post('callback/credentials', `username=${'a'.repeat(15 * 1024)}`)).status).toBeLessThan(413)
    let read = 0
    const endless = new ReadableStream({
      pull(controller) {
        read += 1024
        controller.enqueue(new Uint8Array(1024))
      },
    })
    const init = { method: 'POST', body: endless, duplex: 'half' } as RequestInit
    const request = new Request('http://localhost:3000/api/auth/signout', init)
    expect((await handleNextAuth(cp.services, request)).status).toBe(413)
    expect(read).toBeLessThan(64 * 1024)
  })

  test('never redirects to another site, and tolerates cookies of other programs', async () => {
    for (const callbackUrl of ['//evil.example', 'javascript:alert(1)', 'http://', '%', '[]']) {
      const browser = new TestBrowser(cp)
      browser.cookies.set('next-auth.callback-url', encodeURIComponent(callbackUrl))
      browser.cookies.set('other', '%E0%A4%A')
      const { csrfToken } = (await (await browser.auth('csrf')).json()) as { csrfToken: string }
      const answer = await browser.auth('callback/credentials', {
        ...{ username: 'admin', password: adminPassword, csrfToken, callbackUrl },
      })
      expect([answer.status, answer.headers.get('location')]).toEqual([302, 'http://localhost:3000'])
      expect(await statusOf(browser)).toBe(200)
    }
  })
})

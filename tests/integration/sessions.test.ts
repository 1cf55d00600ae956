import { encode } from 'next-auth/jwt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { handleTrpc } from '@/server/api/trpc-http'
import type { LiveChange } from '@/server/domain/views'
import { type TestControlPlane, testControlPlane, userPassword } from '../control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const idOf = async (username: string) => (await cp.actor(username)).id
const tokenOf = async (username: string) =>
  ((await (await cp.login(username, userPassword)).json()) as { access_token: string }).access_token
const listWith = async (token: string) =>
  (await cp.rest('/deployment/list', { headers: { authorization: `Bearer ${token}` } })).status

/** The cookie of a browser that signs in now. */
const cookieOf = async (username: string, name = 'next-auth.session-token') => {
  const { id, sessionEpoch } = await cp.actor(username)
  const token = await encode({ token: { sub: id, epoch: sessionEpoch }, secret: cp.services.authSecret })
  return `${name}=${token}`
}

const call = (cookie: string, path: string, input?: object) => {
  const url = `http://localhost:3000/api/trpc/${path}`
  if (input === undefined) return handleTrpc(cp.services, new Request(url, { headers: { cookie } }))
  const body = JSON.stringify(input)
  const headers = { cookie, 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }
  return handleTrpc(cp.services, new Request(url, { method: 'POST', headers, body }))
}

test('signing out everywhere else ends other sessions and access tokens, keeps this one, and leaves API tokens', async () => {
  const ann = await cp.user('ann', 'operator')
  const [here, elsewhere, accessToken] = [await cookieOf('ann'), await cookieOf('ann'), await tokenOf('ann')]
  const apiToken = await ann.apiToken.create({ name: 'ci', scope: 'viewer', expires_in_hours: null })
  const answer = await call(here, 'me.endSessions', {})
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ result: { data: { kept: true } } })
  const [renewed = '', ...attributes] = (answer.headers.get('set-cookie') ?? '').split('; ')
  expect(attributes).toEqual(['Path=/', 'Max-Age=43200', 'HttpOnly', 'SameSite=Lax'])
  expect((await call(renewed, 'me.get')).status).toBe(200)
  for (const old of [here, elsewhere]) {
    const refused = await call(old, 'me.get')
    expect(refused.status).toBe(401)
    expect(await refused.text()).toContain('The session has ended: sign in again')
  }
  expect([await listWith(accessToken), await listWith(apiToken.token)]).toEqual([401, 200])
  expect(await cp.sql(`select actor, subject_id from audit_log where action = 'user.end-sessions'`)).toEqual([
    { actor: 'ann', subject_id: await idOf('ann') },
  ])
})

test('a program that signs out everywhere is out, too, and is given no cookie', async () => {
  await cp.user('ann', 'viewer')
  const resHeaders = new Headers()
  expect(await (await cp.as('ann', { resHeaders })).me.endSessions()).toEqual({ kept: false })
  expect(resHeaders.get('set-cookie')).toBeNull()
})

test('a session by HTTPS is followed by one by HTTPS', async () => {
  const resHeaders = new Headers()
  await (await cp.as('admin', { resHeaders, sessionCookie: '__Secure-next-auth.session-token' })).me.endSessions()
  expect(resHeaders.get('set-cookie')).toMatch(/^__Secure-next-auth\.session-token=.*; Secure$/)
})

test('an administrator ends the sessions of somebody, whose open pages hear of it at once', async () => {
  const ann = await cp.user('ann', 'viewer')
  const cookie = await cookieOf('ann')
  const changes = await ann.live.changes()
  const topics: LiveChange['topic'][] = []
  const stream = (async () => {
    // Called directly, a tracked event is the tuple that goes over the wire: id, data.
    for await (const event of changes) topics.push((event as unknown as [string, LiveChange])[1].topic)
  })()
  await expect.poll(() => topics).toContain('hello')
  const admin = await cookieOf('admin')
  const answer = await call(admin, 'user.endSessions', { id: await idOf('ann') })
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([200, null])
  await stream
  expect(topics.at(-1)).toBe('session-ended')
  expect((await call(cookie, 'me.get')).status).toBe(401)
  expect((await call(admin, 'me.get')).status).toBe(200)
  expect((await cp.login('ann', userPassword)).status).toBe(200)
})

test('an administrator who ends the own sessions stays where they are', async () => {
  const answer = await call(await cookieOf('admin'), 'user.endSessions', { id: await idOf('admin') })
  const renewed = answer.headers.get('set-cookie')?.split('; ')[0] ?? ''
  expect((await call(renewed, 'me.get')).status).toBe(200)
})

test('sessions of others are ended by administrators only, and never by an API token', async () => {
  for (const role of ['viewer', 'operator'] as const)
    await expect((await cp.user(`a-${role}`, role)).user.endSessions({ id: await idOf('admin') })).rejects.toThrow(
      'may not',
    )
  await expect((await cp.as(null)).me.endSessions()).rejects.toThrow('Sign in first')
  const admin = await cp.as('admin')
  await expect(admin.user.endSessions({ id: 'nobody' })).rejects.toThrow('There is no user nobody')
  const byToken = await cp.as('admin', { actor: { ...(await cp.actor('admin')), apiTokenId: 'some' } })
  await expect(byToken.me.endSessions()).rejects.toThrow('An API token may not do this')
  await expect(byToken.user.endSessions({ id: await idOf('a-viewer') })).rejects.toThrow('An API token may not do this')
  expect(await cp.sql('select session_epoch from users where session_epoch > 0')).toEqual([])
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import { handleTrpc } from '@/server/api/trpc-http'
import { type TestControlPlane, testControlPlane } from '../control-plane'

let cp: TestControlPlane
beforeAll(async () => {
  cp = await testControlPlane()
})
afterAll(() => cp.close())

const call = (path: string, init: RequestInit = {}) =>
  handleTrpc(cp.services, new Request(`http://localhost:3000/api/trpc/${path}`, init))

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  call(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)), ...headers },
  })

test('nobody gets in without a session, and is told so in the form that pages read', async () => {
  const response = await call('deployment.page?input=%7B%7D')
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({
    error: { message: 'Sign in first', data: { code: 'UNAUTHORIZED', fields: [] } },
  })
})

test('wrong fields are named', async () => {
  const join = { joinToken: 'x', credential: 'short', agentVersion: '1', nodes: [] }
  const response = await post('agent.join', JSON.stringify(join))
  expect(response.status).toBe(400)
  const { error } = (await response.json()) as { error: { data: { fields: { path: string }[] } } }
  expect(error.data.fields.map((field) => field.path)).toEqual(['credential', 'nodes'])
})

test('a body that is too large, or does not say how large it is, is not read', async () => {
  expect((await post('agent.join', '{}', { 'content-length': String(64 * 1024 * 1024) })).status).toBe(413)
  const stream = new ReadableStream({ start: (controller) => controller.close() })
  expect((await call('agent.join', { method: 'POST', body: stream, duplex: 'half' } as RequestInit)).status).toBe(411)
})

test('a cookie that another site sends along is of no use for changes', async () => {
  const headers = { cookie: 'next-auth.session-token=anything', 'sec-fetch-site': 'cross-site' }
  const response = await post('me.changePassword', '{"current":"a","next":"b"}', headers)
  expect(response.status).toBe(401)
  expect(await response.text()).toContain('from another site')
})

test('an agent that is not known is told to join', async () => {
  const response = await post('agent.heartbeat', '{"beats":[]}', { authorization: 'Bearer nobody' })
  expect(response.status).toBe(401)
  expect(await response.text()).toContain('join again')
})

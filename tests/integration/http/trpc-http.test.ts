import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agentHeaders } from '@/core/agents/protocol'
import { handleMetrics } from '@/server/api/http/metrics'
import { handleTrpc } from '@/server/api/http/trpc-http'
import { localMark } from '@/server/lib/inside-headers'
import { createJoinToken } from '@/server/store/agents/join-tokens'
import { FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'

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

const headersOf = ({ credential, instance }: { credential: string; instance: string }) => ({
  authorization: `Bearer ${credential}`,
  [agentHeaders.instance]: instance,
})

test('every call without a session is refused in the form that pages read', async () => {
  const response = await call('deployment.page?input=%7B%7D')
  expect(response.status).toBe(401)
  expect(await response.json()).toMatchObject({
    error: { message: 'Sign in first', data: { code: 'UNAUTHORIZED', fields: [] } },
  })
})

test('invalid fields are named', async () => {
  const agent = await new FakeAgent(cp).join({ name: 'node-01' })
  const join = { machine: agent.machine, agentVersion: 1, nodes: [] }
  const response = await post('agent.join', JSON.stringify(join), headersOf(agent))
  expect(response.status).toBe(400)
  const { error } = (await response.json()) as { error: { data: { fields: { path: string }[] } } }
  expect(error.data.fields.map((field) => field.path)).toEqual(['agentVersion', 'nodes'])
})

test('the body of a join request from a stranger is not read', async () => {
  const stranger = headersOf({ credential: 'x'.repeat(40), instance: randomUUID() })
  for (const headers of [{}, stranger, { ...stranger, [agentHeaders.joinToken]: 'fdj_guess' }]) {
    const response = await post('agent.join', 'no JSON at all', headers)
    expect(response.status).toBe(401)
    expect(await response.text()).not.toContain('JSON')
  }
})

test('a body that is too large, or of unknown length, is not read', async () => {
  expect((await post('agent.join', '{}', { 'content-length': String(64 * 1024 * 1024) })).status).toBe(413)
  const stream = new ReadableStream({ start: (controller) => controller.close() })
  expect((await call('agent.join', { method: 'POST', body: stream, duplex: 'half' } as RequestInit)).status).toBe(411)
})

test('the size of a batch is limited', async () => {
  const many = (count: number, path = 'me.get') => Array.from({ length: count }, () => path).join(',')
  expect((await call(`${many(20)}?batch=1&input=%7B%7D`)).status).toBe(401)
  for (const path of [many(21), many(400, 'node.list')]) {
    const response = await call(`${path}?batch=1&input=%7B%7D`)
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('A batch holds 20 calls at most')
  }
  expect((await call(`${many(2, 'agent.watch')}?batch=1&input=%7B%7D`)).status).toBe(400)
})

describe('a large body of an agent', () => {
  const large = (joinToken: string) =>
    JSON.stringify({ joinToken, credential: 'c'.repeat(40), agentVersion: '1', nodes: [], filling: 'x'.repeat(70_000) })

  /** Reports whether the server read any of the body. */
  const sent = async (path: string, body: string, headers: Record<string, string>) => {
    let isRead = false
    const stream = new ReadableStream(
      {
        pull(controller) {
          isRead = true
          controller.enqueue(Buffer.from(body))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    const response = await call(path, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { 'content-type': 'application/json', 'content-length': String(body.length), ...headers },
    } as RequestInit)
    return { status: response.status, text: await response.text(), isRead }
  }

  test('is not read when the agent is unknown', async () => {
    const strange = { authorization: 'Bearer nobody' }
    for (const [path, headers] of [
      ['agent.heartbeat', strange],
      ['agent.report', strange],
      ['agent.join', {}],
      ['agent.join', { ...strange, 'x-fogdeck-join-token': 'guessed' }],
    ] as const) {
      const { status, isRead } = await sent(path, large('guessed'), headers)
      expect({ path, status, isRead }).toEqual({ path, status: 401, isRead: false })
    }
  })

  test('is read when the agent has a join token', async () => {
    const { token } = await createJoinToken(cp.store, await cp.actor('admin'), {
      name: 'fleet',
      maxNodes: 2,
      expiresInHours: 1,
    })
    const { status, isRead, text } = await sent('agent.join', large(token), {
      ...headersOf({ credential: 'c'.repeat(40), instance: randomUUID() }),
      [agentHeaders.joinToken]: token,
    })
    expect({ status, isRead }).toEqual({ status: 400, isRead: true })
    expect(text).toContain('nodes')
  })
})

test('metrics are open to this machine, and to others with a token', async () => {
  const metrics = (headers: Record<string, string>) =>
    handleMetrics(cp.services, new Request('http://localhost:3000/api/metrics', { headers }))
  const refused = await metrics({ 'x-forwarded-for': '203.0.113.9' })
  expect(refused.status).toBe(401)
  expect(await refused.text()).toContain('token of scope viewer')
  expect((await metrics({ authorization: 'Bearer fdk_guessed' })).status).toBe(401)
  expect((await metrics({ [localMark]: '1' })).status).toBe(200)
  const viewer = await cp.user('vera', 'viewer')
  const { token } = await viewer.apiToken.create({ name: 'prometheus', scope: 'viewer', expires_in_hours: 1 })
  const answer = await metrics({ authorization: `Bearer ${token}` })
  expect(answer.status).toBe(200)
  expect(await answer.text()).toContain('fogdeck_nodes')
})

test.each([
  ['a cookie of another program', { cookie: 'theirs=%E0%A4%A; next-auth.session-token=%' }],
  ['an origin that is not told', { cookie: 'next-auth.session-token=x', origin: 'null' }],
  ['an origin that is none', { cookie: 'next-auth.session-token=x', origin: 'http://[' }],
  ['a strange authorization', { authorization: 'Bearer' }],
])('%s is answered with 401, not with a server error', async (_name, headers) => {
  for (const path of ['me.changePassword', 'deployment.deploy', 'agent.heartbeat']) {
    expect((await post(path, '{}', headers)).status).toBe(401)
  }
})

test('a cookie sent from another site permits no changes', async () => {
  const headers = { cookie: 'next-auth.session-token=anything', 'sec-fetch-site': 'cross-site' }
  const response = await post('me.changePassword', '{"current":"a","next":"b"}', headers)
  expect(response.status).toBe(401)
  expect(await response.text()).toContain('from another site')
})

test('an unknown agent is told to join', async () => {
  const response = await post(
    'agent.heartbeat',
    '{"beats":[]}',
    headersOf({ credential: 'nobody'.repeat(8), instance: randomUUID() }),
  )
  expect(response.status).toBe(401)
  expect(await response.text()).toContain('join again')
})

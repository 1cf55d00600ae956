import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApiDocument } from '@/server/api/http/openapi'
import {
  adminPassword,
  FakeAgent,
  type TestControlPlane,
  testControlPlane,
  userPassword,
} from '@/testing/control-plane'

let cp: TestControlPlane
let tokens: Record<'admin' | 'operator' | 'other' | 'viewer', string>

const tokenOf = async (username: string, password: string) =>
  ((await (await cp.login(username, password)).json()) as { access_token: string }).access_token

beforeAll(async () => {
  cp = await testControlPlane()
  await cp.user('operator', 'operator')
  await cp.user('other', 'operator')
  await cp.user('viewer', 'viewer')
  tokens = {
    admin: await tokenOf('admin', adminPassword),
    operator: await tokenOf('operator', userPassword),
    other: await tokenOf('other', userPassword),
    viewer: await tokenOf('viewer', userPassword),
  }
})
afterAll(() => cp.close())

const post = (
  path: string,
  body: unknown,
  { token = tokens.admin, headers = {} }: { token?: string | null; headers?: Record<string, string> } = {},
) =>
  cp.rest(path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const get = (path: string, token = tokens.admin) => cp.rest(path, { headers: { authorization: `Bearer ${token}` } })
const remove = (path: string, token = tokens.admin) =>
  cp.rest(path, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })

interface Problem {
  status: number
  detail: string
  errors: { path: string; message: string }[]
}

/** Checks the status and form of a refused call and returns its problem document. */
async function refusal(response: Response): Promise<Problem> {
  expect(response.headers.get('content-type')).toContain('application/problem+json')
  const problem = (await response.json()) as Problem
  expect(problem.status).toBe(response.status)
  expect(problem.detail).toMatch(/\w+ \w+/)
  return problem
}

const example = {
  name: 'web-api',
  type: 'compute',
  container_image: 'nginx:latest',
  replicas: 3,
  resources: { cpu: 2.0, memory: 2048, gpu: 0, storage: 20 },
  region: 'us-east',
}

let others = 0
/** The example request under an unused name. */
const another = (overrides: object = {}) => ({ ...example, name: `web-${++others}`, ...overrides })

const countDeployments = async () =>
  (await cp.sql<{ count: number }>('select count(*)::int as count from deployments'))[0]?.count

describe('the calls of the contract', () => {
  test('login answers with a bearer token', async () => {
    const response = await cp.login('admin', adminPassword)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'bearer',
      expires_in: expect.any(Number),
    })
  })

  test('deploy answers 202 after the commit; status, list, scale and delete answer as documented', async () => {
    const response = await post('/deployment/deploy', example)
    expect(response.status).toBe(202)
    const accepted = (await response.json()) as { deployment_id: string }
    expect(accepted).toEqual({
      success: true,
      deployment_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      status: 'pending',
      replicas: 3,
      message: expect.any(String),
    })
    const id = accepted.deployment_id
    expect(
      await cp.sql(
        `select d.status, r.cpu_cores, h.old_status, h.new_status, e.status as evaluation from deployments d
         join deployment_resources r on r.deployment_id = d.id join deployment_status_history h on h.deployment_id = d.id
         join evaluations e on e.deployment_id = d.id where d.id = $1`,
        [id],
      ),
    ).toEqual([{ status: 'pending', cpu_cores: 2, old_status: 'none', new_status: 'pending', evaluation: 'pending' }])

    const agent = await new FakeAgent(cp).join({ name: 'node-01' }, { name: 'node-02' }, { name: 'node-03' })
    await cp.schedule()
    await agent.obey()
    const status = await get(`/deployment/status/${id}`)
    expect(status.status).toBe(200)
    expect(await status.json()).toEqual({
      deployment_id: id,
      name: 'web-api',
      status: 'running',
      health: 'healthy',
      target_replicas: 3,
      replicas: Array.from({ length: 3 }, () => ({
        id: expect.any(String),
        node_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        node_name: expect.stringMatching(/^node-0\d$/),
        status: 'running',
        container_id: expect.any(String),
        started_at: expect.any(String),
      })),
      resources: { cpu_cores: 2, memory_mb: 2048, gpu_units: 0, storage_gb: 20 },
      recent_status_changes: [
        {
          old_status: 'scheduled',
          new_status: 'running',
          changed_at: expect.any(String),
          reason: 'All 3 replicas started',
        },
        {
          old_status: 'pending',
          new_status: 'scheduled',
          changed_at: expect.any(String),
          reason: 'Scheduled 3 replicas',
        },
        { old_status: 'none', new_status: 'pending', changed_at: expect.any(String), reason: expect.any(String) },
      ],
      created_at: expect.any(String),
      updated_at: expect.any(String),
    })

    const list = await get('/deployment/list?status=running&name=web&sort_by=name&sort_order=asc&limit=1&offset=0')
    expect(list.headers.get('x-total-count')).toBe('1')
    expect(await list.json()).toMatchObject([{ deployment_id: id, name: 'web-api', running_replicas: 3 }])

    const scaled = await post(`/deployment/scale/${id}`, { replicas: 2 })
    expect(scaled.status).toBe(202)

    const deleted = await remove(`/deployment/${id}`)
    expect(deleted.status).toBe(200)
    expect(await deleted.json()).toEqual({
      success: true,
      deployment_id: id,
      status: 'deleted',
      replicas_stopped: 3,
      resources_released: { cpu_cores: 6, memory_mb: 6144, gpu_units: 0, storage_gb: 60 },
      deleted_at: expect.any(String),
      message: expect.any(String),
    })
    expect((await refusal(await remove(`/deployment/${id}`))).status).toBe(409)
    expect((await refusal(await post(`/deployment/scale/${id}`, { replicas: 1 }))).status).toBe(409)
    // Deletion is soft: the deployment and its history can still be read.
    expect(((await (await get(`/deployment/status/${id}`)).json()) as { status: string }).status).toBe('deleted')
  })

  test('list counts all matches, filters by time and pages through them', async () => {
    for (let i = 0; i < 5; i++) await post('/deployment/deploy', { ...example, name: `paged-${i}` })
    const first = await get('/deployment/list?name=paged&sort_by=name&sort_order=desc&limit=2')
    expect(first.headers.get('x-total-count')).toBe('5')
    expect(((await first.json()) as { name: string }[]).map((item) => item.name)).toEqual(['paged-4', 'paged-3'])
    const rest = await get('/deployment/list?name=paged&sort_by=name&sort_order=desc&limit=2&offset=4')
    expect(((await rest.json()) as { name: string }[]).map((item) => item.name)).toEqual(['paged-0'])
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
    expect((await get(`/deployment/list?name=paged&created_after=${tomorrow}`)).headers.get('x-total-count')).toBe('0')
    expect((await get(`/deployment/list?name=paged&created_before=${tomorrow}`)).headers.get('x-total-count')).toBe('5')
    expect((await get('/deployment/list?name=%25')).headers.get('x-total-count')).toBe('0')
  })

  test('the OpenAPI document states the answers and errors that are given', () => {
    const document = openApiDocument('http://localhost:3000') as unknown as {
      openapi: string
      paths: Record<string, Record<string, { responses: Record<string, unknown>; requestBody?: unknown }>>
    }
    expect(document.openapi).toMatch(/^3\.1/)
    expect(Object.keys(document.paths).sort()).toEqual([
      '/auth/login',
      '/deployment/deploy',
      '/deployment/list',
      '/deployment/logs/{deployment_id}',
      '/deployment/redeploy/{deployment_id}',
      '/deployment/rollback/{deployment_id}',
      '/deployment/scale/{deployment_id}',
      '/deployment/status/{deployment_id}',
      '/deployment/update/{deployment_id}',
      '/deployment/{deployment_id}',
    ])
    expect(Object.keys(document.paths['/deployment/deploy']?.post?.responses ?? {})).toEqual(
      expect.arrayContaining(['202', '401', '403', '422']),
    )
    expect(Object.keys(document.paths['/deployment/{deployment_id}']?.delete?.responses ?? {})).toEqual(
      expect.arrayContaining(['200', '404', '409']),
    )
    const deployBody = JSON.stringify(document.paths['/deployment/deploy']?.post?.requestBody)
    for (const part of ['"maximum":16384', '"anti_affinity"', '"max_skew"', 'score higher'])
      expect(deployBody).toContain(part)
  })
})

describe('bad input', () => {
  const wrong: [string, Record<string, unknown>, string][] = [
    ['an empty name', { name: '' }, 'name'],
    ['a name with a space', { name: 'web api' }, 'name'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'name'],
    ['a name that is a number', { name: 7 }, 'name'],
    ['an unknown type', { type: 'database' }, 'type'],
    ['no image', { container_image: undefined }, 'container_image'],
    ['an image in upper case', { container_image: 'NGINX' }, 'container_image'],
    ['an image with a space', { container_image: 'nginx latest' }, 'container_image'],
    ['an image of 501 characters', { container_image: 'x'.repeat(501) }, 'container_image'],
    ['0 replicas', { replicas: 0 }, 'replicas'],
    ['101 replicas', { replicas: 101 }, 'replicas'],
    ['2.5 replicas', { replicas: 2.5 }, 'replicas'],
    ['replicas as text', { replicas: '3' }, 'replicas'],
    ['replicas as null', { replicas: null }, 'replicas'],
    ['too little cpu', { resources: { ...example.resources, cpu: 0.4 } }, 'resources.cpu'],
    ['too much cpu', { resources: { ...example.resources, cpu: 16.5 } }, 'resources.cpu'],
    ['cpu as text', { resources: { ...example.resources, cpu: '2' } }, 'resources.cpu'],
    ['too little memory', { resources: { ...example.resources, memory: 511 } }, 'resources.memory'],
    ['too much memory', { resources: { ...example.resources, memory: 16385 } }, 'resources.memory'],
    ['no memory', { resources: { cpu: 1 } }, 'resources.memory'],
    ['a negative gpu', { resources: { ...example.resources, gpu: -1 } }, 'resources.gpu'],
    ['9 gpus', { resources: { ...example.resources, gpu: 9 } }, 'resources.gpu'],
    ['no storage at all', { resources: { ...example.resources, storage: 0 } }, 'resources.storage'],
    ['too much storage', { resources: { ...example.resources, storage: 1001 } }, 'resources.storage'],
    ['no resources', { resources: undefined }, 'resources'],
    ['resources as a list', { resources: [] }, 'resources'],
    ['an empty region', { region: '' }, 'region'],
    ['a region with a slash', { region: 'us/east' }, 'region'],
    ['a port beyond 65535', { ports: [{ container: 70000 }] }, 'ports.0.container'],
    ['a variable name with a dash', { env: { 'A-B': 'x' } }, 'env.A-B'],
    ['a constraint without its value', { constraints: [{ key: 'zone', op: '=', values: [] }] }, 'constraints.0.values'],
    ['wait_for_capacity as text', { wait_for_capacity: 'false' }, 'wait_for_capacity'],
  ]

  test.each(wrong)('%s is refused with 422, which names the field', async (_, override, path) => {
    const before = await countDeployments()
    const problem = await refusal(await post('/deployment/deploy', { ...example, ...override }))
    expect(problem.status).toBe(422)
    expect(problem.errors.map((error) => error.path)).toEqual([path])
    expect(problem.errors[0]?.message).toMatch(/\w+ \w+/)
    expect(await countDeployments()).toBe(before)
  })

  test('all invalid fields are named at once', async () => {
    const problem = await refusal(
      await post('/deployment/deploy', {
        name: '!',
        type: 'x',
        container_image: '',
        replicas: 0,
        resources: { cpu: 0, memory: 0 },
      }),
    )
    expect(problem.errors.map((error) => error.path).sort()).toEqual([
      'container_image',
      'name',
      'replicas',
      'resources.cpu',
      'resources.memory',
      'type',
    ])
  })

  test('an unknown field is named, and nothing is written', async () => {
    const token = ((await (await cp.login('admin', adminPassword)).json()) as { access_token: string }).access_token
    const count = async () => (await cp.sql<{ n: number }>('select count(*)::int as n from deployments'))[0]?.n
    const before = await count()
    const body = JSON.stringify({
      ...{ name: 'web-typo', type: 'compute', container_image: 'nginx', replicas: 1, regoin: 'us-east' },
      resources: { cpu: 1, memory: 512 },
    })
    const call = (headers: Record<string, string>) =>
      cp.rest('/deployment/deploy', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json', ...headers },
      })
    const response = await call({ authorization: `Bearer ${token}` })
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      errors: [{ path: 'regoin', message: 'This field is not known: did you mean region?' }],
    })
    expect((await call({})).status).toBe(401)
    expect(await count()).toBe(before)
  })

  test('values at the limits are accepted', async () => {
    for (const override of [
      { name: 'x'.repeat(100), replicas: 1, resources: { cpu: 0.5, memory: 512, gpu: 0, storage: 1 } },
      { name: 'a_B-9', replicas: 100, resources: { cpu: 16, memory: 16384, gpu: 8, storage: 1000 } },
      { container_image: `registry.example.com:5000/team/app@sha256:${'a'.repeat(64)}` },
      { resources: { cpu: 0.75, memory: 512 }, region: undefined },
    ])
      expect((await post('/deployment/deploy', another(override))).status).toBe(202)
  })

  test.each([
    ['text that is not JSON', '{"name":', 400],
    ['a list', '[]', 422],
    ['nothing', '', 400],
    ['a body of 300 kB', JSON.stringify({ ...example, name: 'x'.repeat(300_000) }), 413],
  ])('%s is refused', async (_, body, status) => {
    expect((await refusal(await post('/deployment/deploy', body))).status).toBe(status)
  })

  test('another content type is refused', async () => {
    expect(
      (await refusal(await post('/deployment/deploy', 'name=x', { headers: { 'content-type': 'text/plain' } }))).status,
    ).toBe(415)
  })

  test('invalid filters of the list are named', async () => {
    const problem = await refusal(await get('/deployment/list?status=sleeping&limit=0&created_after=yesterday'))
    expect(problem.status).toBe(422)
    expect(problem.errors.map((error) => error.path).sort()).toEqual(['created_after', 'limit', 'status'])
  })

  test.each(['01a208da-0000-7000-8000-000000000000', 'nonsense', '%27%20or%201=1'])(
    'the unknown id %s is 404 everywhere',
    async (id) => {
      expect((await refusal(await get(`/deployment/status/${id}`))).status).toBe(404)
      expect((await refusal(await post(`/deployment/scale/${id}`, { replicas: 1 }))).status).toBe(404)
      expect((await refusal(await remove(`/deployment/${id}`))).status).toBe(404)
    },
  )

  test('an unknown path gets a 404 problem document', async () => {
    expect((await refusal(await get('/deployment/nothing/here'))).status).toBe(404)
  })
})

describe('permissions', () => {
  test('a missing token, a forged one and one of another kind get 401', async () => {
    const [head, , signature] = tokens.admin.split('.')
    const forged = `${head}.${Buffer.from(JSON.stringify({ sub: 'x', epoch: 0, iss: 'fogdeck' })).toString('base64url')}.${signature}`
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${tokens.admin.split('.')[1]}.`
    for (const token of [null, 'nonsense', forged, none, 'fdk_unknown', 'fdj_unknown'])
      expect((await refusal(await post('/deployment/deploy', example, { token }))).status).toBe(401)
  })

  test('an expired token gets 401, and the answer says so', async () => {
    const token = await tokenOf('admin', adminPassword)
    cp.advance(13 * 3600 * 1000)
    const problem = await refusal(await get('/deployment/list', token))
    cp.advance(-13 * 3600 * 1000)
    expect(problem).toMatchObject({ status: 401, detail: expect.stringContaining('expired') })
    expect((await get('/deployment/list', token)).status).toBe(200)
  })

  test('a viewer can read and cannot change anything', async () => {
    const { deployment_id: id } = (await (
      await post('/deployment/deploy', another(), { token: tokens.operator })
    ).json()) as { deployment_id: string }
    expect((await get(`/deployment/status/${id}`, tokens.viewer)).status).toBe(200)
    expect((await refusal(await post('/deployment/deploy', example, { token: tokens.viewer }))).status).toBe(403)
    expect(
      (await refusal(await post(`/deployment/scale/${id}`, { replicas: 1 }, { token: tokens.viewer }))).status,
    ).toBe(403)
    expect((await refusal(await remove(`/deployment/${id}`, tokens.viewer))).status).toBe(403)
  })

  test('an operator changes only its own deployments, an administrator changes all', async () => {
    const { deployment_id: id } = (await (
      await post('/deployment/deploy', another(), { token: tokens.operator })
    ).json()) as { deployment_id: string }
    expect(
      (await refusal(await post(`/deployment/scale/${id}`, { replicas: 1 }, { token: tokens.other }))).status,
    ).toBe(403)
    expect((await refusal(await remove(`/deployment/${id}`, tokens.other))).status).toBe(403)
    expect((await post(`/deployment/scale/${id}`, { replicas: 2 }, { token: tokens.operator })).status).toBe(202)
    expect((await remove(`/deployment/${id}`, tokens.admin)).status).toBe(200)
  })
})

describe('a deployment name', () => {
  test('that is taken is a conflict that names the other deployment', async () => {
    const { deployment_id: id } = (await (await post('/deployment/deploy', another({ name: 'twice' }))).json()) as {
      deployment_id: string
    }
    const problem = await refusal(await post('/deployment/deploy', another({ name: 'twice' })))
    expect(problem).toMatchObject({ status: 409, detail: expect.stringContaining(id), errors: [{ path: 'name' }] })
    await remove(`/deployment/${id}`)
    expect((await post('/deployment/deploy', another({ name: 'twice' }))).status).toBe(202)
  })
})

describe('an Idempotency-Key', () => {
  const keyed = (key: string, body: unknown, token = tokens.admin) =>
    post('/deployment/deploy', body, { token, headers: { 'idempotency-key': key } })

  test('makes a repeated deploy return the first answer, even when both calls are concurrent', async () => {
    const once = another()
    const before = await countDeployments()
    const answers = await Promise.all(Array.from({ length: 8 }, async () => (await keyed('once', once)).json()))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await countDeployments()).toBe((before ?? 0) + 1)
  })

  test('reused for another request is a conflict', async () => {
    const first = another()
    await keyed('other', first)
    expect((await refusal(await keyed('other', { ...first, replicas: 2 }))).status).toBe(409)
  })

  test('belongs to its user', async () => {
    const first = (await (await keyed('mine', another())).json()) as { deployment_id: string }
    const second = (await (await keyed('mine', another(), tokens.operator)).json()) as { deployment_id: string }
    expect(first.deployment_id).not.toBe(second.deployment_id)
  })

  test('of an invalid form is refused, and the answer names the header', async () => {
    expect((await refusal(await keyed('a b', another()))).errors.map((error) => error.path)).toEqual([
      'Idempotency-Key',
    ])
  })
})

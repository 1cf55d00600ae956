/** The four calls of the contract, made as curl would make them, against the running product. */
import { admin, expect, patient, test } from '@/e2e/support/fixtures'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/

async function call(url: string, init: RequestInit = {}) {
  const response = await fetch(url, init)
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}

const json = (body: unknown, token?: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
  body: JSON.stringify(body),
})

test('login, deploy, status, and a deployment that cannot fit answer as documented', async ({ baseURL, rpc }) => {
  const login = await call(`${baseURL}/api/auth/login`, json(admin))
  expect(login.status).toBe(200)
  expect(login.body).toEqual({
    access_token: expect.any(String),
    token_type: 'bearer',
    expires_in: expect.any(Number),
  })
  const token: string = login.body.access_token

  const request = {
    name: 'web-api',
    type: 'compute',
    container_image: 'nginx:latest',
    replicas: 3,
    resources: { cpu: 2.0, memory: 2048, gpu: 0, storage: 20 },
    region: 'us-east',
  }
  const deployed = await call(`${baseURL}/api/deployment/deploy`, json(request, token))
  expect(deployed.status).toBe(202)
  expect(deployed.body).toEqual({
    success: true,
    deployment_id: expect.stringMatching(uuid),
    status: 'pending',
    replicas: 3,
    message: expect.any(String),
  })
  const id: string = deployed.body.deployment_id

  const status = (of: string) =>
    call(`${baseURL}/api/deployment/status/${of}`, { headers: { authorization: `Bearer ${token}` } })
  await expect.poll(async () => (await status(id)).body.status, patient).toBe('running')
  const running = await status(id)
  expect(running.status).toBe(200)
  expect(running.body).toEqual({
    deployment_id: id,
    name: 'web-api',
    status: 'running',
    health: 'healthy',
    target_replicas: 3,
    replicas: Array.from({ length: 3 }, () => ({
      id: expect.stringMatching(uuid),
      node_id: expect.stringMatching(uuid),
      node_name: expect.stringMatching(/^node-\d+$/),
      status: 'running',
      container_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      started_at: expect.stringMatching(time),
    })),
    resources: { cpu_cores: 2, memory_mb: 2048, gpu_units: 0, storage_gb: 20 },
    recent_status_changes: expect.any(Array),
    created_at: expect.stringMatching(time),
    updated_at: expect.stringMatching(time),
  })
  // Newest first.
  const change = (old_status: string, new_status: string, reason: unknown) => ({
    old_status,
    new_status,
    changed_at: expect.stringMatching(time),
    reason,
  })
  expect(running.body.recent_status_changes.toReversed()).toEqual([
    change('none', 'pending', expect.any(String)),
    change('pending', 'scheduled', 'Scheduled 3 replicas'),
    change('scheduled', 'running', 'All 3 replicas started'),
  ])

  const big = { ...request, name: 'too-big', replicas: 10, resources: { cpu: 8, memory: 16384 } }
  const tooBig = await call(`${baseURL}/api/deployment/deploy`, json(big, token))
  expect(tooBig.status).toBe(202)
  const bigId: string = tooBig.body.deployment_id
  await expect.poll(async () => (await status(bigId)).body.status, patient).toBe('failed')
  const failed = await status(bigId)
  const found = (await rpc.deployment.decisions.query({ id: bigId }))[0]?.message
  expect(failed.body.recent_status_changes[0]).toEqual(
    change('pending', 'failed', expect.stringMatching(/^Insufficient nodes: need 10, found \d with capacity/)),
  )
  expect(failed.body.recent_status_changes[0].reason).toContain(found)
  expect(failed.body.replicas).toEqual([])

  for (const one of [id, bigId]) {
    const init = { method: 'DELETE', headers: { authorization: `Bearer ${token}` } }
    const deleted = await call(`${baseURL}/api/deployment/${one}`, init)
    expect(deleted.status).toBe(200)
    expect(deleted.body).toEqual({
      success: true,
      deployment_id: one,
      status: 'deleted',
      replicas_stopped: one === id ? 3 : 0,
      resources_released:
        one === id
          ? { cpu_cores: 6, memory_mb: 6144, gpu_units: 0, storage_gb: 60 }
          : { cpu_cores: 0, memory_mb: 0, gpu_units: 0, storage_gb: 0 },
      deleted_at: expect.stringMatching(time),
      message: expect.any(String),
    })
    expect((await call(`${baseURL}/api/deployment/${one}`, init)).status).toBe(409)
  }
})

test('refusals are problem documents that name the error', async ({ baseURL, adminToken }) => {
  const deploy = (body: unknown, token?: string) => call(`${baseURL}/api/deployment/deploy`, json(body, token))
  for (const token of [undefined, 'forged', `${adminToken.slice(0, -3)}abc`]) {
    const refused = await deploy({}, token)
    expect(refused).toMatchObject({ status: 401, type: expect.stringContaining('application/problem+json') })
  }
  const wrong = {
    name: 'not a name',
    type: 'other',
    container_image: 'Not An Image',
    replicas: 0,
    resources: { cpu: 99 },
  }
  const refused = await deploy(wrong, adminToken)
  expect(refused).toMatchObject({ status: 422, type: expect.stringContaining('application/problem+json') })
  const paths = refused.body.errors.map(({ path }: { path: string }) => path)
  expect(paths.sort()).toEqual(['container_image', 'name', 'replicas', 'resources.cpu', 'resources.memory', 'type'])
  const unknown = await call(`${baseURL}/api/deployment/status/00000000-0000-4000-8000-000000000000`, {
    headers: { authorization: `Bearer ${adminToken}` },
  })
  expect(unknown).toMatchObject({ status: 404, type: expect.stringContaining('application/problem+json') })
  const nothing = await call(`${baseURL}/api/no/such/call`, json({}, adminToken))
  expect(nothing).toMatchObject({ status: 404, type: expect.stringContaining('application/problem+json') })
  expect(nothing.body.detail).toBe('There is nothing at /api/no/such/call: see /api/openapi.json for all calls')
})

test('repeated deploys with the same key are one deployment', async ({ api, adminToken, unique }) => {
  const request = {
    name: unique('once'),
    type: 'compute',
    container_image: 'sim/ok',
    replicas: 1,
    resources: { cpu: 0.5, memory: 512 },
  }
  const key = { 'Idempotency-Key': unique('key') }
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => api(adminToken).post('/api/deployment/deploy', request, key)),
  )
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202])
  expect(new Set(answers.map(({ body }) => body.deployment_id)).size).toBe(1)
  const list = await api(adminToken).get(`/api/deployment/list?name=${request.name}`)
  expect(list.body).toHaveLength(1)
  expect(list.headers['x-total-count']).toBe('1')
})

test('liveness, readiness, metrics and the OpenAPI document are served', async ({ api }) => {
  expect((await api().get('/api/health')).status).toBe(200)
  expect((await api().get('/api/ready')).status).toBe(200)
  const metrics = await api().get('/api/metrics')
  expect(metrics.headers['content-type']).toContain('text/plain')
  const { body } = await api().get('/api/openapi.json')
  expect(body.openapi).toMatch(/^3\.1/)
  expect(Object.keys(body.paths)).toContain('/deployment/deploy')
})

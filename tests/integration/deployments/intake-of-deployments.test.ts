import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envPlace } from '@/server/lib/seal'
import { createUser } from '@/server/store/accounts/users'
import { deleteDeployment } from '@/server/store/deployments/deployments'
import { createIntake, type Intake, type NewDeployment } from '@/server/store/deployments/intake'
import type { Actor } from '@/server/store/records/audit'
import { type TestControlPlane, testControlPlane } from '@/testing/control-plane'

let cp: TestControlPlane
let intake: Intake
let admin: Actor
beforeAll(async () => {
  cp = await testControlPlane()
  intake = createIntake(cp.store)
  admin = await cp.actor('admin')
})
afterAll(() => cp.close())

let orders = 0
const aDeployCommand = (overrides: Partial<NewDeployment> = {}): NewDeployment => ({
  name: `web-${++orders}`,
  type: 'compute',
  image: 'nginx',
  replicas: 2,
  resources: { cpuMillis: 750, memoryMb: 512, gpuUnits: 0, storageGb: 10 },
  region: null,
  waitForCapacity: false,
  maxPerNode: 1,
  lostAfterSeconds: 30,
  constraints: [],
  placementRules: null,
  policy: null,
  priority: 50,
  ports: [],
  env: {},
  ...overrides,
})

const accept = (input: NewDeployment, key: string | null = null, requestHash = 'same') =>
  intake.accept(admin, input, {
    idempotency: key === null ? null : { key, requestHash },
    answer: (id) => ({ id, name: input.name }),
  })

test('concurrent deploy calls share few commits, and each gets all its rows', async () => {
  const accepted = await Promise.all(
    Array.from({ length: 300 }, (_, i) => accept(aDeployCommand({ name: `burst-${i}` }))),
  )
  const ids = accepted.map(({ answer }) => answer.id)
  expect(new Set(ids).size).toBe(300)
  const rows = await cp.sql<{ id: string; name: string; commit: string }>(
    `select d.id, d.name, d.xmin::text as commit from deployments d join deployment_resources r on r.deployment_id = d.id
     join deployment_status_history h on h.deployment_id = d.id join evaluations e on e.deployment_id = d.id
     join audit_log a on a.subject_id = d.id::text where d.name like 'burst-%' and r.cpu_cores = 0.75 and h.new_status = 'pending'`,
  )
  expect(new Map(rows.map((row) => [row.id, row.name]))).toEqual(
    new Map(accepted.map(({ answer }) => [answer.id, answer.name])),
  )
  expect(new Set(rows.map((row) => row.commit)).size).toBeLessThan(10)
})

test('an invalid call in a batch is refused alone', async () => {
  const stranger = { ...admin, id: '01a208da-0000-7000-8000-000000000000' }
  const results = await Promise.allSettled([
    accept(aDeployCommand({ name: 'first' })),
    accept(aDeployCommand({ name: 'good-1' })),
    intake.accept(stranger, aDeployCommand({ name: 'bad' }), { idempotency: null, answer: (id) => ({ id }) }),
    accept(aDeployCommand({ name: 'good-2' })),
  ])
  expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
  expect(await cp.sql(`select name from deployments where name in ('good-1', 'good-2', 'bad') order by name`)).toEqual([
    { name: 'good-1' },
    { name: 'good-2' },
  ])
})

test('calls with one idempotency key create one deployment, however they fall into batches', async () => {
  const calls = await Promise.all(
    Array.from({ length: 60 }, (_, i) => accept(aDeployCommand({ name: `keyed-${i % 3}` }), `key-${i % 3}`)),
  )
  expect(new Set(calls.map(({ answer }) => answer.id)).size).toBe(3)
  expect(calls.filter((call) => !call.repeated)).toHaveLength(3)
  expect(await cp.sql(`select 1 from deployments where name like 'keyed-%'`)).toHaveLength(3)
  await expect(accept(aDeployCommand(), 'key-1', 'other')).rejects.toThrow('another request')
})

test('each call of a batch keeps its own author and address', async () => {
  await createUser(cp.store, admin, { username: 'operator', password: 'no one signs in 1', role: 'operator' })
  const operator = await cp.actor('operator')
  const authors: Actor[] = [
    admin,
    operator,
    { ...admin, address: '192.0.2.7' },
    { ...operator, name: 'api-token' },
    admin,
  ]
  const accepted = await Promise.all(
    Array.from({ length: 40 }, (_, i) => {
      const author = authors[i % authors.length] as Actor
      const accepting = intake.accept(author, aDeployCommand(), { idempotency: null, answer: (id) => ({ id }) })
      return accepting.then(({ answer }) => ({ id: answer.id, user: author.id, by: author.name, at: author.address }))
    }),
  )
  const rows = await cp.sql(
    `select d.id, d.user_id as user, a.actor as by, a.address as at from deployments d
     join audit_log a on a.subject_id = d.id::text
     join deployment_status_history h on h.deployment_id = d.id and h.changed_by = a.actor
     where d.id = any($1) order by d.id`,
    [accepted.map(({ id }) => id)],
  )
  expect(rows).toEqual(accepted.sort((a, b) => (a.id < b.id ? -1 : 1)))
})

test('each environment is sealed separately', async () => {
  const [first, second] = await Promise.all([
    accept(aDeployCommand({ env: { A: '1', B: '2' } })),
    accept(aDeployCommand()),
  ])
  const rows = await cp.sql<{ id: string; env_names: string[]; env_sealed: Buffer | null }>(
    'select id, env_names, env_sealed from deployments where id = any($1)',
    [[first?.answer.id, second?.answer.id]],
  )
  const byId = new Map(rows.map((row) => [row.id, row]))
  const sealed = byId.get(first?.answer.id ?? '')
  expect(sealed?.env_names).toEqual(['A', 'B'])
  expect(cp.store.sealer.open(sealed?.env_sealed ?? Buffer.alloc(0), envPlace(sealed?.id ?? ''))).toEqual({
    A: '1',
    B: '2',
  })
  expect(byId.get(second?.answer.id ?? '')).toMatchObject({ env_names: [], env_sealed: null })
})

describe('a deployment name', () => {
  const holderOf = async (name: string) =>
    (await cp.sql<{ id: string }>('select id from deployments where name = $1 and deleted_at is null', [name])).map(
      ({ id }) => id,
    )
  const repeats = async (allowed: boolean) => (await cp.as('admin')).settings.setRepeatedNames({ allowed })

  test('belongs to one deployment until it is deleted', async () => {
    const { answer } = await accept(aDeployCommand({ name: 'till' }))
    await expect(accept(aDeployCommand({ name: 'till' }))).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(answer.id),
      fields: [{ path: 'name', message: expect.stringContaining(answer.id) }],
    })
    await deleteDeployment(cp.store, admin, answer.id)
    const next = await accept(aDeployCommand({ name: 'till' }))
    expect(await holderOf('till')).toEqual([next.answer.id])
  })

  test('goes to one of many concurrent callers, even across processes', async () => {
    const intakes = [intake, createIntake(cp.store), createIntake(cp.store)]
    for (let round = 0; round < 10; round++) {
      const name = `raced-${round}`
      const results = await Promise.allSettled(
        intakes.flatMap((one, i) =>
          [name, `${name}-${i}`, name].map((asked) =>
            one.accept(admin, aDeployCommand({ name: asked }), { idempotency: null, answer: (id) => ({ id }) }),
          ),
        ),
      )
      const refusals = results.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []))
      expect(refusals).toHaveLength(5)
      const [holder, ...others] = await holderOf(name)
      expect(others).toEqual([])
      for (const refusal of refusals) expect(refusal).toContain(holder)
    }
  })

  test('that is taken leaves no trace of the refused call, whose key stays free', async () => {
    await accept(aDeployCommand({ name: 'kiosk' }))
    await expect(accept(aDeployCommand({ name: 'kiosk' }), 'kiosk-key')).rejects.toMatchObject({ code: 'conflict' })
    expect(await cp.sql(`select 1 from idempotency_keys where key = 'kiosk-key'`)).toEqual([])
    const { repeated } = await accept(aDeployCommand({ name: 'kiosk-2' }), 'kiosk-key')
    expect(repeated).toBe(false)
    // The name belongs to this deployment by now, so the call would be a conflict if the key were not checked first.
    expect((await accept(aDeployCommand({ name: 'kiosk-2' }), 'kiosk-key')).repeated).toBe(true)
  })

  test('may be shared where an administrator allows it, and deployments that share one remain when sharing is forbidden', async () => {
    await accept(aDeployCommand({ name: 'shared' }))
    await repeats(true)
    await Promise.all([accept(aDeployCommand({ name: 'shared' })), accept(aDeployCommand({ name: 'shared' }))])
    expect(await holderOf('shared')).toHaveLength(3)
    await repeats(false)
    await expect(accept(aDeployCommand({ name: 'shared' }))).rejects.toMatchObject({ code: 'conflict' })
    for (const id of (await holderOf('shared')).slice(1)) await deleteDeployment(cp.store, admin, id)
    await expect(accept(aDeployCommand({ name: 'shared' }))).rejects.toMatchObject({ code: 'conflict' })
    for (const id of await holderOf('shared')) await deleteDeployment(cp.store, admin, id)
    await accept(aDeployCommand({ name: 'shared' }))
  })
})

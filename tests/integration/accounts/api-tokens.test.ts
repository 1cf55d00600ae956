import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lesserRole, type Role, roles } from '@/core/accounts/roles'
import type { LiveChange } from '@/core/views/live'
import { handleTrpc } from '@/server/api/http/trpc-http'
import { createApiToken } from '@/server/store/accounts/api-tokens'
import { systemAuthor } from '@/server/store/records/audit'
import { aDeployment, type TestControlPlane, testControlPlane, userPassword } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

const bearer = (token: string) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' })

const deployWith = (token: string) =>
  cp.rest('/deployment/deploy', { method: 'POST', headers: bearer(token), body: JSON.stringify(aDeployment()) })

const callWith = (token: string, path: string, input: object) => {
  const body = JSON.stringify(input)
  const headers = { ...bearer(token), 'content-length': String(Buffer.byteLength(body)) }
  return handleTrpc(
    cp.services,
    new Request(`http://localhost:3000/api/trpc/${path}`, { method: 'POST', headers, body }),
  )
}

const listWith = (token: string) => cp.rest('/deployment/list', { headers: bearer(token) })
const detailOf = async (response: Response) => ((await response.json()) as { detail: string }).detail
const idOf = async (username: string) => (await cp.actor(username)).id

const make = async (username: string, scope: Role = 'admin', hours: number | null = null) => {
  const { id, token } = await (await cp.as(username)).apiToken.create({ name: 'ci', scope, expires_in_hours: hours })
  return { id, token }
}

describe('the scope of a token', () => {
  test('is an upper limit: a viewer token of an administrator reads and changes nothing', async () => {
    const { token } = await make('admin', 'viewer')
    expect((await listWith(token)).status).toBe(200)
    const refused = await deployWith(token)
    expect(refused.status).toBe(403)
    expect(await detailOf(refused)).toBe('This API token acts as viewer, which may not do this (deployments.create)')
    const overTrpc = await callWith(token, 'deployment.deploy', aDeployment())
    expect(overTrpc.status).toBe(403)
    expect(await overTrpc.text()).toContain('acts as viewer')
    expect(await cp.sql('select 1 from deployments')).toEqual([])
  })

  test('lets an operator token deploy but not manage users', async () => {
    const { token } = await make('admin', 'operator')
    expect((await deployWith(token)).status).toBe(202)
    const users = await handleTrpc(
      cp.services,
      new Request('http://localhost:3000/api/trpc/user.list', { headers: bearer(token) }),
    )
    expect(users.status).toBe(403)
  })

  test('shrinks when its owner gets a lower role, and is restored with a higher one', async () => {
    await cp.user('ann', 'operator')
    const { token } = await make('ann', 'operator')
    const admin = await cp.as('admin')
    await admin.user.setRole({ id: await idOf('ann'), role: 'viewer' })
    expect((await deployWith(token)).status).toBe(403)
    expect(await (await cp.as('ann')).apiToken.list()).toMatchObject([{ scope: 'operator', role: 'viewer' }])
    await admin.user.setRole({ id: await idOf('ann'), role: 'admin' })
    expect((await deployWith(token)).status).toBe(202)
    expect(await (await cp.as('ann')).apiToken.list()).toMatchObject([{ scope: 'operator', role: 'operator' }])
  })

  test('never exceeds the role of the user who creates it', async () => {
    for (const role of roles) {
      const user = await cp.user(`${role}1`, role)
      for (const scope of roles) {
        const made = user.apiToken.create({ name: 'x', scope, expires_in_hours: null })
        const message = `A token of ${role}1 can't be for more than the role ${role}`
        if (lesserRole(scope, role) === scope) expect(await made).toHaveProperty('token')
        else await expect(made).rejects.toMatchObject({ cause: { fields: [{ path: 'scope', message }] } })
      }
    }
  })

  test('is the role of the user when the command line names none', async () => {
    await cp.user('ann', 'operator')
    const made = await createApiToken(cp.store, systemAuthor, {
      ...{ username: 'Ann', name: 'script', scope: null, expiresInHours: null },
    })
    expect(await (await cp.as('ann')).apiToken.list()).toMatchObject([{ id: made.id, scope: 'operator' }])
  })
})

describe('an invalid token', () => {
  test('is refused as revoked, expired, unknown or belonging to a disabled user', async () => {
    await cp.user('ann', 'operator')
    const [revoked, expired, ofDisabled] = [
      await make('ann', 'viewer'),
      await make('ann', 'viewer', 1),
      await make('ann', 'viewer'),
    ]
    await (await cp.as('ann')).apiToken.revoke({ id: revoked.id })
    await cp.sql(`update api_tokens set expires_at = now() - interval '1 second' where id = $1`, [expired.id])
    const refusalOf = async (token: string) => {
      const response = await listWith(token)
      expect(response.status).toBe(401)
      return detailOf(response)
    }
    expect(await refusalOf(revoked.token)).toBe('The API token “ci” was revoked: make a new one')
    expect(await refusalOf(expired.token)).toBe('The API token “ci” has expired: make a new one')
    expect(await refusalOf('fdk_nothing')).toBe('This API token is not known here: check that it was copied whole')
    expect((await listWith(ofDisabled.token)).status).toBe(200)
    await (await cp.as('admin')).user.setDisabled({ id: await idOf('ann'), disabled: true })
    expect(await refusalOf(ofDisabled.token)).toBe('The API token “ci” belongs to ann, whose account is disabled')
    const states = (await (await cp.as('admin')).apiToken.listAll()).map(({ id, state }) => [id, state])
    expect(Object.fromEntries(states)).toEqual({
      [revoked.id]: 'revoked',
      [expired.id]: 'expired',
      [ofDisabled.id]: 'owner disabled',
    })
  })

  test('loses its live stream when it is revoked, but not when another token is', async () => {
    const [used, other] = [await make('admin'), await make('admin')]
    const actor = { ...(await cp.actor('admin')), apiTokenId: used.id }
    const changes = await (await cp.as('admin', { actor })).live.changes()
    const topics: LiveChange['topic'][] = []
    const stream = (async () => {
      // A direct call yields the tuple that a tracked event has on the wire: id, data.
      for await (const event of changes) topics.push((event as unknown as [string, LiveChange])[1].topic)
    })()
    await expect.poll(() => topics).toContain('hello')
    const admin = await cp.as('admin')
    await admin.apiToken.revoke({ id: other.id })
    await expect.poll(() => topics).toContain('token')
    expect(topics).not.toContain('session-ended')
    await admin.apiToken.revoke({ id: used.id })
    await stream
    expect(topics.at(-1)).toBe('session-ended')
  })
})

describe('an API token may not', () => {
  test.each([
    ['apiToken.create', { name: 'more', scope: 'viewer', expires_in_hours: null }],
    ['apiToken.revoke', { id: '01a208da-0000-7000-8000-000000000000' }],
    ['me.changePassword', { current: userPassword, next: 'a different one 9' }],
    ['user.create', { username: 'bob', password: userPassword, role: 'admin' }],
    ['user.setRole', { id: '01a208da-0000-7000-8000-000000000000', role: 'admin' }],
    ['user.setDisabled', { id: '01a208da-0000-7000-8000-000000000000', disabled: true }],
    ['user.setPassword', { id: '01a208da-0000-7000-8000-000000000000', password: userPassword }],
  ])('call %s, whatever its scope', async (path, input) => {
    const { token } = await make('admin')
    const response = await callWith(token, path, input)
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('An API token may not do this: sign in with your password')
  })
})

describe('API tokens', () => {
  test('can be listed and revoked only by their owner and by administrators', async () => {
    const [ann, bob, admin] = [await cp.user('ann', 'operator'), await cp.user('bob', 'operator'), await cp.as('admin')]
    const { id } = await make('ann', 'operator')
    expect(await bob.apiToken.list()).toEqual([])
    await expect(bob.apiToken.revoke({ id })).rejects.toThrow('There is no API token')
    for (const role of ['operator', 'viewer'] as const)
      await expect((await cp.user(`a-${role}`, role)).apiToken.listAll()).rejects.toThrow('may not')
    await expect((await cp.as(null)).apiToken.list()).rejects.toThrow('Sign in first')
    expect(await admin.apiToken.listAll()).toMatchObject([{ id, owner: 'ann', state: 'usable', lastUsedAt: null }])
    await admin.apiToken.revoke({ id })
    expect(await ann.apiToken.list()).toMatchObject([{ id, state: 'revoked' }])
  })

  test('are refused with the name of each invalid field', async () => {
    const admin = await cp.as('admin')
    const good = { name: 'x', scope: 'viewer', expires_in_hours: 1 } as const
    const pathOf = async (input: object) =>
      admin.apiToken.create({ ...good, ...input }).then(
        () => null,
        (error: { cause: { issues: { path: string[] }[] } }) => error.cause.issues.map(({ path }) => path.join('.')),
      )
    expect(await pathOf({ name: '  ' })).toEqual(['name'])
    expect(await pathOf({ name: 'x'.repeat(101) })).toEqual(['name'])
    expect(await pathOf({ scope: 'root' })).toEqual(['scope'])
    expect(await pathOf({ expires_in_hours: 24 * 400 })).toEqual(['expires_in_hours'])
    expect(await pathOf({})).toBeNull()
  })

  test('record their last use at most once a minute', async () => {
    const { id, token } = await make('admin')
    const lastUse = async () =>
      (
        await cp.sql<{ at: Date | null; version: string }>(
          'select last_used_at as at, xmin::text as version from api_tokens where id = $1',
          [id],
        )
      )[0]
    expect((await lastUse())?.at).toBeNull()
    await listWith(token)
    const first = await lastUse()
    expect(first?.at).toBeInstanceOf(Date)
    await Promise.all(Array.from({ length: 20 }, () => listWith(token)))
    expect(await lastUse()).toEqual(first)
    await cp.sql(`update api_tokens set last_used_at = now() - interval '61 seconds' where id = $1`, [id])
    await listWith(token)
    expect((await lastUse())?.at?.getTime()).toBeGreaterThanOrEqual(first?.at?.getTime() ?? 0)
  })

  test('are audited when created and revoked, and their secret is neither stored nor shown again', async () => {
    await cp.user('ann', 'operator')
    const { id, token } = await make('ann', 'viewer', 24)
    await (await cp.as('admin')).apiToken.revoke({ id })
    await (await cp.as('admin')).apiToken.revoke({ id })
    expect(
      await cp.sql(`select actor, action, before, after from audit_log where subject_type = 'api-token' order by id`),
    ).toEqual([
      {
        actor: 'ann',
        action: 'api-token.create',
        before: null,
        after: { name: 'ci', owner: 'ann', scope: 'viewer', expiresInHours: 24 },
      },
      { actor: 'admin', action: 'api-token.revoke', before: { name: 'ci', owner: 'ann' }, after: null },
    ])
    const everything = JSON.stringify([
      await cp.sql('select * from api_tokens'),
      await cp.sql('select * from audit_log'),
    ])
    expect(everything).not.toContain(token)
    expect(cp.logged.join('\n')).not.toContain(token)
  })
})

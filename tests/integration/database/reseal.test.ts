import { createCipheriv, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { envPlace, isBound } from '@/server/lib/seal'
import { readReceiver } from '@/server/store/notifications/channels'
import { resealOldValues } from '@/server/store/records/reseal'
import { aDeployment, FakeAgent, type TestControlPlane, testControlPlane, testSealKey } from '@/testing/control-plane'

let cp: TestControlPlane
beforeEach(async () => {
  cp = await testControlPlane()
})
afterEach(() => cp.close())

/** Seals as earlier versions did: nonce ‖ tag ‖ ciphertext, not bound to a row. */
function sealedBefore(value: object, key = Buffer.from(testSealKey, 'base64url')): Buffer {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body])
}

const deploy = async (name: string, value: string) =>
  (await (await cp.as('admin')).deployment.deploy(aDeployment({ name, env: { PASSWORD: value } }))).deployment_id

test('values sealed by an older version can be opened after a start, and are then bound to their rows', async () => {
  const admin = await cp.as('admin')
  const agent = await new FakeAgent(cp).join({ name: 'node-01' })
  const id = await deploy('web', 'today')
  await cp.schedule()
  await agent.obey()
  await admin.deployment.update({ deployment_id: id, env: { PASSWORD: 'newer' } })
  await cp.schedule()
  const channel = await admin.notification.create({
    ...{ name: 'ops', kind: 'webhook', events: ['work.stuck'], secret: 'a secret of the hook' },
    url: 'http://192.0.2.1/hook',
  } as Parameters<typeof admin.notification.create>[0])
  await cp.sql('update deployments set env_sealed = $1', [sealedBefore({ PASSWORD: 'old current' })])
  await cp.sql('update deployment_revisions set env_sealed = $1 where revision = 1', [
    sealedBefore({ PASSWORD: 'old first' }),
  ])
  await cp.sql('update notification_channels set url_sealed = $1, secret_sealed = $2', [
    sealedBefore({ url: 'http://192.0.2.1/old' }),
    sealedBefore({ secret: 'old secret' }),
  ])
  expect(await resealOldValues(cp.store)).toEqual({ resealed: 4, unreadable: 0 })
  expect((await agent.wanted()).flatMap(({ env }) => env.PASSWORD ?? []).sort()).toEqual(['old current', 'old first'])
  expect(await readReceiver(cp.store, channel.id)).toMatchObject({ url: 'http://192.0.2.1/old', secret: 'old secret' })
  const sealed = await cp.sql<{ sealed: Buffer }>(
    `select env_sealed as sealed from deployments union all select env_sealed from deployment_revisions
     union all select url_sealed from notification_channels union all select secret_sealed from notification_channels`,
  )
  expect(sealed).toHaveLength(5)
  expect(sealed.every((row) => isBound(row.sealed))).toBe(true)
  expect(await resealOldValues(cp.store)).toEqual({ resealed: 0, unreadable: 0 })
})

test('values sealed with another key are left unchanged', async () => {
  const id = await deploy('web', 'x')
  const strange = sealedBefore({ A: '1' }, Buffer.alloc(32, 9))
  await cp.sql('update deployments set env_sealed = $1', [strange])
  expect(await resealOldValues(cp.store)).toEqual({ resealed: 0, unreadable: 1 })
  expect(await cp.sql('select env_sealed from deployments where id = $1', [id])).toEqual([{ env_sealed: strange }])
})

test('the sealed environment of one deployment cannot be opened in the row of another', async () => {
  const [mine, theirs] = [await deploy('mine', 'my own'), await deploy('theirs', 'their secret')]
  await cp.sql('update deployments set env_sealed = (select env_sealed from deployments where id = $2) where id = $1', [
    mine,
    theirs,
  ])
  const [row] = await cp.sql<{ sealed: Buffer }>('select env_sealed as sealed from deployments where id = $1', [mine])
  expect(() => cp.store.sealer.open(row?.sealed ?? Buffer.alloc(0), envPlace(mine))).toThrow()
  await expect((await cp.as('admin')).deployment.update({ deployment_id: mine, env: { MORE: '1' } })).rejects.toThrow()
  expect(cp.store.sealer.open(row?.sealed ?? Buffer.alloc(0), envPlace(theirs))).toEqual({ PASSWORD: 'their secret' })
})

import { afterEach, describe, expect, test } from 'vitest'
import type { DesiredReplica } from '@/core/agents/protocol'
import { aReplica, until } from '@/testing/agent/builders'
import { Rig, withCalls } from '@/testing/agent/rig'

const digest = (letter: string) => `sha256:${letter.repeat(64)}`
const contentOf = (letter: string) => ({ digest: digest(letter), imageId: digest('e') })

let rig: Rig
/** Images that were pulled, and images of created containers. */
let pulled: string[]
let created: string[]
afterEach(() => rig.dispose())

const aRig = async () => {
  pulled = []
  created = []
  rig = new Rig('node-01', (engine) =>
    withCalls(engine, () => ({
      pull: (image, options) => {
        pulled.push(image)
        return engine.pull(image, options)
      },
      create: (spec) => {
        created.push(spec.image)
        return engine.create(spec)
      },
    })),
  )
  await rig.start()
}

const keyOf = ({ deploymentId, revision }: DesiredReplica) => `${deploymentId} ${revision}`
const running = async (replica: DesiredReplica) => {
  rig.want(...rig.controlPlane.stateOf(rig.nodeId).replicas, replica)
  await rig.reported(replica, 'running')
}

describe('the image of a revision', () => {
  test('is resolved by the first node, reported before anything runs, and run by its digest', async () => {
    await aRig()
    const replica = aReplica({ image: 'team/app' })
    await running(replica)
    const found = rig.controlPlane.images.get(keyOf(replica))
    expect(found?.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(pulled).toEqual(['team/app'])
    expect(created.at(-1)).toBe(`team/app@${found?.digest}`)
  })

  test('is pulled by its digest once it is known, whatever the tag means on the node', async () => {
    await aRig()
    await running(aReplica({ image: 'team/app:1' }))
    await running(aReplica({ image: 'team/app:1', slot: 1, imageContent: contentOf('b') }))
    expect(pulled).toEqual(['team/app:1', `team/app:1@${digest('b')}`])
    expect(created.at(-1)).toBe(`team/app:1@${digest('b')}`)
  })

  test('that another node reported first replaces what this one found, before anything starts', async () => {
    await aRig()
    const replica = aReplica({ image: 'team/app' })
    rig.controlPlane.images.set(keyOf(replica), contentOf('b'))
    await running(replica)
    expect(pulled).toEqual(['team/app', `team/app@${digest('b')}`])
    expect(created.every((image) => image === `team/app@${digest('b')}`)).toBe(true)
  })

  test('is awaited while another node resolves it, but only briefly', async () => {
    await aRig()
    const waits = aReplica({ image: 'team/app', resolvesImage: false })
    rig.want(waits)
    const reasons = () => rig.controlPlane.reportsOn(waits.replicaId).map(({ reason }) => reason)
    await until(() => reasons().includes('Waiting for another node to look up team/app'))
    expect(pulled).toEqual([])
    rig.want({ ...waits, imageContent: contentOf('c') })
    await rig.reported(waits, 'running')
    expect(pulled).toEqual([`team/app@${digest('c')}`])
    // No other node resolves this one.
    await running(aReplica({ image: 'team/other', resolvesImage: false }))
    expect(pulled.at(-1)).toBe('team/other')
  })

  test('is resolved at its registry on request, and otherwise on the node', async () => {
    await aRig()
    await running(aReplica({ image: 'sim/moving:1s' }))
    const [first] = [...rig.controlPlane.images.values()]
    await rig.pass(2_000)
    await running(aReplica({ image: 'sim/moving:1s' }))
    expect([...rig.controlPlane.images.values()].at(-1)).toEqual(first)
    await running(aReplica({ image: 'sim/moving:1s', pullsAnew: true }))
    expect([...rig.controlPlane.images.values()].at(-1)?.digest).not.toBe(first?.digest)
  })

  test('is identified by its id when no registry has it, and no other image of that name runs instead', async () => {
    await aRig()
    const replica = aReplica({ image: 'sim/unverified' })
    await running(replica)
    const found = rig.controlPlane.images.get(keyOf(replica))
    expect(found).toMatchObject({ digest: null })
    const same = aReplica({ image: 'sim/unverified', slot: 1, imageContent: found ?? null })
    await running(same)
    expect(created.at(-1)).toBe(found?.imageId)
    const other = aReplica({ image: 'sim/unverified', imageContent: { digest: null, imageId: digest('d') } })
    rig.want(other)
    expect((await rig.gone(other)).reason).toMatch(
      /^revision 1 runs the image sha256:dddddddddddd, which is from no registry, and sim\/unverified is sha256:.* on this node: load/,
    )
  })

  test('fails when its registry must be asked and does not answer', async () => {
    await aRig()
    const replica = aReplica({ image: 'sim/fail-pull', pullsAnew: true })
    rig.want(replica)
    expect((await rig.gone(replica)).reason).toContain('manifest unknown')
  })
})

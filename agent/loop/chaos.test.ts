/** Random sequences of faults: in the end the node runs exactly what is desired, and nothing twice. */
import { afterEach, describe, expect, test } from 'vitest'
import { seeded } from '@/agent/lib/random'
import type { DesiredReplica } from '@/core/agents/protocol'
import { aReplica, until } from '@/testing/agent/builders'
import { Rig, withCalls } from '@/testing/agent/rig'

let rig: Rig
afterEach(() => rig.dispose())

const images = ['sim/ok', 'nginx:latest', 'sim/crash:20s', 'sim/slow:5s', 'sim/fail-pull', 'sim/unhealthy']

describe.each([1, 2, 3])('with seed %i', (seed) => {
  test('a node converges to its desired state after random kills, outages, changes and removals', async () => {
    const random = seeded(seed)
    const pick = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)]
    const wrong: string[] = []
    const happened = { starts: 0, kills: 0, cuts: 0, strangers: 0, ends: 0 }
    rig = new Rig('node-01', (engine) =>
      withCalls(engine, () => ({
        create: async (spec) => {
          const replicaId = spec.labels['fogdeck.replica'] ?? ''
          happened.starts += 1
          const reported = rig.controlPlane.reportsOn(replicaId)
          if (reported.some((report) => report.gone)) wrong.push(`${spec.name} starts again after its end`)
          const ids = (await engine.list()).filter((each) => each.replicaId === replicaId)
          if (ids.length > 1) wrong.push(`${spec.name} has two containers`)
          return engine.create(spec)
        },
      })),
    )
    await rig.start()
    const { controlPlane, nodeId } = rig
    const current = (): DesiredReplica[] => controlPlane.stateOf(nodeId).replicas
    let generation = 0

    const steps: (() => Promise<void> | void)[] = [
      () => {
        generation += 1
        const slot = Math.floor(random() * 6)
        const replica = aReplica({ deploymentId: 'd', slot, generation, image: pick(images) ?? 'sim/ok' })
        // As the control plane does: the previous replica of the slot must stop.
        const others = current().map((each) => (each.slot === slot ? { ...each, wanted: 'stop' as const } : each))
        controlPlane.want(nodeId, [...others, replica])
      },
      () => {
        const victim = pick(current())
        if (victim) controlPlane.wantStop(nodeId, [victim.replicaId])
      },
      () => {
        const forgotten = pick(current())
        controlPlane.want(
          nodeId,
          current().filter((each) => each !== forgotten),
        )
      },
      () => {
        happened.cuts += controlPlane.line === 'up' ? 1 : 0
        controlPlane.line = pick(['up', 'up', 'away', 'silent'] as const) ?? 'up'
      },
      async () => {
        happened.kills += 1
        await rig.kill()
        await rig.pass(random() * 3_000)
        await rig.start()
      },
      async () => {
        const victim = pick(await rig.engine.list())
        happened.strangers += victim ? 1 : 0
        if (victim) await rig.engine.remove(victim.id)
      },
    ]
    // Each step equally often, new replicas three times as often, in random order.
    const often = Array.from({ length: 8 }, () => [...steps, ...steps.slice(0, 1), ...steps.slice(0, 1)]).flat()
    const shuffled = often.map((step) => ({ step, at: random() })).sort((a, b) => a.at - b.at)
    for (const { step } of shuffled) {
      await step()
      await rig.pass(random() * 4_000)
    }
    controlPlane.line = 'up'
    for (const slot of [0, 1, 2]) {
      const others = current().map((each) => (each.slot === slot ? { ...each, wanted: 'stop' as const } : each))
      generation += 1
      controlPlane.want(nodeId, [...others, aReplica({ deploymentId: 'd', slot, generation })])
    }
    // Long enough for crashing replicas to fail.
    await until(
      async () => {
        const there = await rig.engine.list()
        const wanted = current()
        return (
          there.length === wanted.length &&
          wanted.every(
            ({ replicaId, wanted: what }) =>
              what === 'run' &&
              controlPlane.last(replicaId)?.status === 'running' &&
              there.some((each) => each.replicaId === replicaId && each.state === 'running'),
          )
        )
      },
      { timeoutMs: 12_000, what: 'the node runs what is wanted and nothing else' },
    )
    happened.ends = controlPlane.reports.filter((report) => report.gone).length
    expect(wrong).toEqual([])
    expect(current().length).toBeGreaterThanOrEqual(3)
    for (const [what, times] of Object.entries(happened)) expect(times, what).toBeGreaterThan(0)
  })
})

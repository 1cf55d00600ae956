import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SeenContainer } from '@/agent/engines/engine'
import type { DesiredReplica } from '@/core/agents/protocol'
import { aContainer, aReplica } from '@/testing/agent/builders'
import { type Action, type ReplicaMemory, reconcile, type Situation } from './reconcile'

const situation = (overrides: Partial<Situation>): Situation => ({
  wanted: [],
  containers: [],
  memory: new Map(),
  ...overrides,
})
const reported = (overrides: Partial<ReplicaMemory> = {}): ReplicaMemory => ({
  status: 'running',
  containerId: null,
  health: null,
  gone: false,
  restartInMs: null,
  standstill: null,
  ...overrides,
})
const states = ['running', 'created', 'stopping', 'exited', 'removing'] as const
const kinds = (of: Partial<Situation>) => reconcile(situation(of)).map((action) => action.kind)

describe('a replica that should run', () => {
  const replica = aReplica()

  test('is started when there is no container', () => {
    expect(reconcile(situation({ wanted: [replica] }))).toEqual([
      { kind: 'start', replicaId: replica.replicaId, replica },
    ])
  })

  test('is adopted when its container runs and was never reported', () => {
    expect(kinds({ wanted: [replica], containers: [aContainer(replica)] })).toEqual(['adopt'])
  })

  test('is adopted when its container was created and never started', () => {
    expect(kinds({ wanted: [replica], containers: [aContainer(replica, { state: 'created' })] })).toEqual(['adopt'])
  })

  test('is left alone when everything was reported', () => {
    const container = aContainer(replica, { health: 'healthy' })
    const memory = new Map([[replica.replicaId, reported({ containerId: container.id, health: 'healthy' })]])
    expect(kinds({ wanted: [replica], containers: [container], memory })).toEqual([])
  })

  test.each([
    ['its health changed', { containerId: 'c1', health: 'starting' }],
    ['another container was reported', { containerId: 'c0', health: 'healthy' }],
    ['only its start was reported', { containerId: 'c1', health: 'healthy', status: 'starting' }],
  ] as const)('is inspected again when %s', (_, memory) => {
    const container = aContainer(replica, { id: 'c1', health: 'healthy' })
    const known = new Map([[replica.replicaId, reported(memory)]])
    expect(kinds({ wanted: [replica], containers: [container], memory: known })).toEqual(['adopt'])
  })

  test('is settled when its container ended before any report', () => {
    expect(kinds({ wanted: [replica], containers: [aContainer(replica, { state: 'exited' })] })).toEqual(['settle'])
  })

  test('has vanished when its container no longer exists', () => {
    const memory = new Map([[replica.replicaId, reported({ containerId: 'c1' })]])
    expect(reconcile(situation({ wanted: [replica], memory }))).toEqual([
      { kind: 'vanished', replicaId: replica.replicaId, containerId: 'c1' },
    ])
  })

  test('never starts again once its end was reported', () => {
    for (const status of ['failed', 'stopped'] as const) {
      const memory = (gone: boolean) => new Map([[replica.replicaId, reported({ status, gone })]])
      expect(kinds({ wanted: [replica], memory: memory(true) })).toEqual([])
      expect(kinds({ wanted: [replica], memory: memory(false) })).toEqual(['gone'])
      const left = [aContainer(replica, { state: 'exited' })]
      expect(kinds({ wanted: [replica], containers: left, memory: memory(false) })).toEqual(['remove'])
    }
  })

  test('waits until the container of an older generation is gone', () => {
    const old = { ...replica, replicaId: 'old', generation: 0 }
    const containers = [aContainer(old)]
    expect(kinds({ wanted: [replica], containers })).toEqual(['wait', 'stop'])
    expect(kinds({ wanted: [{ ...old, wanted: 'stop' }, replica], containers })).toEqual(['stop', 'wait'])
  })

  test('starts beside an older generation that should run', () => {
    const old = { ...replica, replicaId: 'old', generation: 0 }
    const memory = new Map([['old', reported({ containerId: 'c' })]])
    expect(kinds({ wanted: [old, replica], containers: [aContainer(old, { id: 'c' })], memory })).toEqual(['start'])
  })

  test('does not wait for another slot or deployment', () => {
    const others = [aContainer(aReplica({ deploymentId: replica.deploymentId, slot: 1 })), aContainer(aReplica())]
    expect(kinds({ wanted: [replica], containers: others })).toEqual(['start', 'stop', 'stop'])
  })
})

describe('an engine state that may last for ever', () => {
  const replica = aReplica()
  const stopped = new Map([[replica.replicaId, reported({ status: 'stopped' })]])

  test.each(['stopping', 'removing'] as const)('%s settles a replica that should run', (state) => {
    expect(kinds({ wanted: [replica], containers: [aContainer(replica, { state })] })).toEqual(['settle'])
  })

  test.each(states)('%s does not protect an undesired container', (state) => {
    const containers = [aContainer(replica, { state })]
    expect(kinds({ containers })).toEqual(['stop'])
    expect(kinds({ wanted: [replica], containers, memory: stopped })).toEqual(['remove'])
    expect(kinds({ containers, memory: stopped })).toEqual(['remove'])
  })
})

describe('a replica that should stop', () => {
  const replica = aReplica({ wanted: 'stop' })

  test.each(states)('is stopped when its container is %s', (state) => {
    expect(kinds({ wanted: [replica], containers: [aContainer(replica, { state })] })).toEqual(['stop'])
  })

  test('is gone when it has no container', () => {
    expect(kinds({ wanted: [replica] })).toEqual(['gone'])
  })
})

describe('a replica that is not in the desired state', () => {
  const unknown = aReplica()

  test('is stopped', () => {
    expect(kinds({ containers: [aContainer(unknown)] })).toEqual(['stop'])
  })

  test('is reported gone when it has no container', () => {
    expect(kinds({ memory: new Map([[unknown.replicaId, reported()]]) })).toEqual(['gone'])
    expect(kinds({ memory: new Map([[unknown.replicaId, reported({ gone: true, status: 'stopped' })]]) })).toEqual([])
  })
})

describe('two containers of one replica', () => {
  const replica = aReplica()
  const older = aContainer(replica, { id: 'older', createdAt: 1 })
  const newer = aContainer(replica, { id: 'newer', createdAt: 2 })
  const removed = (containers: SeenContainer[], memory: Situation['memory'] = new Map()) =>
    reconcile(situation({ wanted: [replica], containers, memory })).flatMap((action) =>
      action.kind === 'remove' ? [action.container.id] : [],
    )

  test('the older one is kept', () => {
    expect(removed([newer, older])).toEqual(['newer'])
  })

  test('the reported one is kept', () => {
    expect(removed([newer, older], new Map([[replica.replicaId, reported({ containerId: 'newer' })]]))).toEqual([
      'older',
    ])
  })

  test('a running one is kept rather than an exited one', () => {
    expect(removed([{ ...older, state: 'exited' }, newer])).toEqual(['older'])
  })
})

/** A model of a node that carries out every action, as far as reconcile can see. */
class Model {
  containers: SeenContainer[]
  readonly memory: Map<string, ReplicaMemory>
  readonly ended = new Set<string>()
  readonly started: string[] = []

  constructor(
    readonly wanted: DesiredReplica[],
    containers: SeenContainer[],
    memory: [string, ReplicaMemory][],
  ) {
    this.containers = containers
    this.memory = new Map(memory)
  }

  /** Performs one round; false when neither reconcile nor the engine had anything left to do. */
  step(): Action[] | false {
    const removing = this.containers.some((each) => each.state === 'removing')
    const actions = reconcile(this)
    const busy = new Set<string>()
    for (const action of actions) {
      // Like the node, runs one task per replica at a time.
      if (busy.has(action.replicaId)) continue
      busy.add(action.replicaId)
      this.apply(action)
    }
    this.containers = this.containers.filter((each) => each.state !== 'removing')
    return (actions.length > 0 || removing) && actions
  }

  private apply(action: Action): void {
    const { replicaId } = action
    const without = (id: string) => this.containers.filter((each) => each.id !== id)
    const end = (status: 'failed' | 'stopped') => this.memory.set(replicaId, reported({ status, gone: true }))
    switch (action.kind) {
      case 'start': {
        const container = aContainer(action.replica)
        this.started.push(replicaId)
        this.containers = [...this.containers, container]
        this.memory.set(replicaId, reported({ containerId: container.id }))
        break
      }
      case 'adopt': {
        this.containers = [...without(action.container.id), { ...action.container, state: 'running' }]
        const { id, health } = action.container
        this.memory.set(replicaId, reported({ containerId: id, health }))
        break
      }
      case 'settle':
        this.containers = without(action.container.id)
        end('failed')
        break
      case 'stop':
        this.containers = without(action.container.id)
        end('stopped')
        break
      case 'remove':
        this.containers = without(action.container.id)
        if (action.why === 'ended')
          this.memory.set(replicaId, { ...reported(), ...this.memory.get(replicaId), gone: true })
        break
      case 'gone':
        this.memory.set(replicaId, {
          ...reported({ status: 'stopped' }),
          ...endedPart(this.memory.get(replicaId)),
          gone: true,
        })
        break
      case 'vanished':
        end('failed')
        break
      case 'wait':
        break
    }
  }
}

const endedPart = (memory: ReplicaMemory | undefined) =>
  memory && (memory.status === 'failed' || memory.status === 'stopped') ? { status: memory.status } : {}

const scenario = fc
  .array(
    fc.record({
      deployment: fc.constantFrom('a', 'b'),
      slot: fc.integer({ min: 0, max: 2 }),
      wanted: fc.constantFrom('run', 'stop', 'unknown' as const),
      containers: fc.array(
        fc.record({
          state: fc.constantFrom(...states),
          health: fc.constantFrom(null, 'healthy', 'unhealthy' as const),
          createdAt: fc.integer({ min: 0, max: 3 }),
        }),
        { maxLength: 3 },
      ),
      memory: fc.option(
        fc.record({
          status: fc.constantFrom('starting', 'running', 'stopping', 'stopped', 'failed' as const),
          own: fc.boolean(),
          gone: fc.boolean(),
        }),
      ),
    }),
    { maxLength: 8 },
  )
  .map((items) => {
    const wanted: DesiredReplica[] = []
    const containers: SeenContainer[] = []
    const memory: [string, ReplicaMemory][] = []
    for (const [index, item] of items.entries()) {
      const replica = aReplica({
        replicaId: `r${index}`,
        deploymentId: item.deployment,
        slot: item.slot,
        generation: index,
        wanted: item.wanted === 'stop' ? 'stop' : 'run',
      })
      if (item.wanted !== 'unknown') wanted.push(replica)
      const own = item.containers.map((each, at) => aContainer(replica, { ...each, id: `c${index}.${at}` }))
      containers.push(...own)
      if (!item.memory) continue
      const { status, own: hasOwn } = item.memory
      // A node reports "gone" only for a replica that has ended and has no container.
      const gone = item.memory.gone && (status === 'failed' || status === 'stopped') && own.length === 0
      memory.push([replica.replicaId, reported({ status, gone, containerId: hasOwn ? (own[0]?.id ?? 'lost') : null })])
    }
    return { wanted, containers, memory }
  })

describe('from any state', () => {
  test('converges to one container for each replica that may run, and no others', () => {
    let started = 0
    let adopted = 0
    let waited = 0
    fc.assert(
      fc.property(scenario, ({ wanted, containers, memory }) => {
        const model = new Model(wanted, containers, memory)
        const before = new Map(memory)
        for (let steps = 0; ; steps += 1) {
          expect(steps).toBeLessThan(10)
          const actions = model.step()
          if (!actions) break
          adopted += actions.filter((action) => action.kind === 'adopt').length
          waited += actions.filter((action) => action.kind === 'wait').length
        }
        started += model.started.length
        for (const replica of wanted) {
          const own = model.containers.filter((each) => each.replicaId === replica.replicaId)
          const now = model.memory.get(replica.replicaId)
          const runs = replica.wanted === 'run' && now?.status === 'running'
          expect(own).toHaveLength(runs ? 1 : 0)
          if (!runs) expect(now).toMatchObject({ gone: true })
        }
        const known = new Set(wanted.map((replica) => replica.replicaId))
        expect(model.containers.filter((each) => !known.has(each.replicaId))).toEqual([])
        for (const replicaId of model.started) {
          const ended = ['failed', 'stopped'].includes(before.get(replicaId)?.status ?? '')
          expect(ended, 'a replica whose end was told never starts again').toBe(false)
          expect(model.started.filter((each) => each === replicaId)).toHaveLength(1)
        }
      }),
      { numRuns: 2_000, seed: 1 },
    )
    expect(started).toBeGreaterThan(100)
    expect(adopted).toBeGreaterThan(100)
    expect(waited).toBeGreaterThan(20)
  })

  test('never starts a container while the slot has another one that should not run', () => {
    let waited = 0
    fc.assert(
      fc.property(scenario, (of) => {
        const actions = reconcile(situation({ ...of, memory: new Map(of.memory) }))
        const running = new Set(of.wanted.filter((each) => each.wanted === 'run').map((each) => each.replicaId))
        for (const action of actions) {
          if (action.kind === 'wait') waited += 1
          if (action.kind !== 'start') continue
          const { deploymentId, slot } = action.replica
          const holders = of.containers.filter((each) => each.deploymentId === deploymentId && each.slot === slot)
          expect(holders.filter((each) => !running.has(each.replicaId))).toEqual([])
        }
      }),
      { numRuns: 2_000, seed: 2 },
    )
    expect(waited).toBeGreaterThan(50)
  })
})

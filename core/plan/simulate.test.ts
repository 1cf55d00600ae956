import { describe, expect, test } from 'vitest'
import type { JournalNode } from '@/core/journal'
import type { PlacementRulesSpec } from '@/core/placement/preferences'
import { defaultPolicy } from '@/core/placement/types'
import { aNode, anAttempt, idOf } from '@/testing/builders'
import {
  type DrilledDeployment,
  type DrillSteps,
  type DrillSubject,
  type DrillWorld,
  drillDrain,
  drillFailure,
} from './simulate'
import type { AttemptToSchedule, DeploymentToSchedule } from './types'

const at = new Date('2026-01-01T12:00:00Z')

/** A node of 4 cores and 8 GiB; `holds` is the number of replicas of 1 core and 1 GiB on it. */
const node = (nodeId: string, overrides: Partial<JournalNode> & { holds?: number } = {}): JournalNode => {
  const { holds = 0, ...rest } = overrides
  const {
    heartbeatAgeMs: _age,
    ownReplicas: _own,
    takenPorts: _ports,
    ...plain
  } = aNode({
    nodeId,
    reserved: { cpuMillis: holds * 1000, memoryMb: holds * 1024, storageGb: holds * 10, gpuUnits: 0 },
  })
  return { ...plain, lastHeartbeatMs: at.getTime(), ...rest }
}

const attempt = (slot: number, nodeName: string, overrides: Partial<AttemptToSchedule> = {}): AttemptToSchedule => ({
  ...anAttempt({ id: `${slot}-on-${nodeName}`, nodeId: idOf(nodeName), slot, startedAt: at }),
  nodeName,
  resources: { cpuMillis: 1000, memoryMb: 1024, storageGb: 10, gpuUnits: 0 },
  hostPorts: [],
  ...overrides,
})

interface Asked extends Partial<Omit<DeploymentToSchedule, 'attempts'>> {
  priority?: number
  lostAfterSeconds?: number
}

/** A deployment with its replicas on these nodes, slot by slot. */
function subject(name: string, on: (string | AttemptToSchedule)[], asked: Asked = {}): DrillSubject {
  const { priority = 50, lostAfterSeconds = 30, ...rest } = asked
  const attempts = on.map((one, slot) => (typeof one === 'string' ? attempt(slot, one) : one))
  const deployment: DeploymentToSchedule = {
    id: idOf(name),
    name,
    status: 'running',
    targetReplicas: attempts.length,
    version: 1,
    revision: 1,
    region: null,
    waitForCapacity: false,
    maxPerNode: 1,
    constraints: [],
    placementRules: null,
    policy: null,
    resources: { cpuMillis: 1000, memoryMb: 1024, storageGb: 10, gpuUnits: 0 },
    hostPorts: [],
    ...rest,
    attempts: attempts.map((one) => ({ ...one, id: `${name}-${one.id}` })),
  }
  return { deployment, priority, lostAfterSeconds }
}

const world = (nodes: JournalNode[], subjects: DrillSubject[]): DrillWorld => ({
  fleet: { nodes, latencies: [] },
  at,
  policy: defaultPolicy,
  placed: subjects.flatMap(({ deployment }) =>
    deployment.attempts.map(({ id, nodeId }) => ({
      id,
      deploymentId: deployment.id,
      deploymentName: deployment.name,
      nodeId,
    })),
  ),
  subjects,
  explain: { first: 50, always: new Set() },
})

const ids = (names: string[]) => new Set(names.map(idOf))

function ended(steps: DrillSteps): DrilledDeployment[] {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

const fail = (asked: DrillWorld, names: string[], guarded: string[] = []) =>
  ended(drillFailure(asked, { nodes: ids(names), guarded: ids(guarded), earliestSeconds: 22 }))

/** One line per deployment: "web: moves 1→node-02" */
const reported = (outcomes: DrilledDeployment[]) =>
  outcomes.map(
    ({ subject: { deployment }, outcome, replicas }) =>
      `${deployment.name}: ${outcome} ${replicas.map(({ attempt: { slot }, to }) => `${slot + 1}→${to?.nodeId ?? 'nowhere'}`).join(' ')}`,
  )

const placementRules = (overrides: Partial<PlacementRulesSpec>): PlacementRulesSpec => ({
  preferences: [],
  spread: [],
  affinity: [],
  ...overrides,
})

describe('a failure', () => {
  test('moves a replica to the best node without one of its deployment, with the score of the scheduler core', () => {
    const web = subject('web', ['node-01', 'node-02'])
    const [outcome] = fail(
      world([node('node-01', { holds: 1 }), node('node-02', { holds: 1 }), node('node-03')], [web]),
      ['node-01'],
    )
    expect(outcome).toMatchObject({ outcome: 'moves', problem: null })
    // 0.4 × ((4000−1000)/4000 + (8192−1024)/8192)/2 + 0.3 × 1 + 0.3 × 1
    expect(outcome?.replicas).toMatchObject([
      { attempt: { slot: 0, nodeName: 'node-01' }, to: { nodeId: 'node-03', score: 0.4 * ((0.75 + 0.875) / 2) + 0.6 } },
    ])
    expect(outcome?.replicas).toHaveLength(1)
  })

  test('places deployments by priority, and counts each placement for the next one', () => {
    const small = { capacity: { cpuMillis: 1000, memoryMb: 8192, storageGb: 100, gpuUnits: 0 } }
    const nodes = [node('node-01', { holds: 2 }), node('node-02', small), node('node-03', { ...small, holds: 1 })]
    const first = subject('first', ['node-01'], { priority: 10 })
    const second = subject('second', ['node-01'], { priority: 90 })
    const outcomes = fail(world(nodes, [first, second]), ['node-01'])
    expect(reported(outcomes)).toEqual(['second: moves 1→node-02', 'first: no-room 1→nowhere'])
    expect(outcomes[1]?.problem).toBe('Insufficient nodes: need 1, found 0 with capacity')
    expect(outcomes[1]?.refusal?.reasons).toMatchObject([
      { rule: 'cpu', nodeIds: ['node-02', 'node-03'] },
      { rule: 'status', nodeIds: ['node-01'] },
    ])
  })

  test('moves the deployment with the shortest grace period first, whatever its priority', () => {
    const nodes = [node('node-01', { holds: 2 }), node('node-02', { holds: 3 })]
    const patient = subject('patient', ['node-01'], { lostAfterSeconds: 600, priority: 100 })
    const hasty = subject('hasty', ['node-01'], { lostAfterSeconds: 30, priority: 0 })
    expect(reported(fail(world(nodes, [patient, hasty]), ['node-01']))).toEqual([
      'hasty: moves 1→node-02',
      'patient: no-room 1→nowhere',
    ])
  })

  test('treats grace periods below the earliest possible loss as equal', () => {
    const nodes = [node('node-01', { holds: 2 }), node('node-02', { holds: 3 })]
    const one = subject('one', ['node-01'], { lostAfterSeconds: 1, priority: 10 })
    const other = subject('other', ['node-01'], { lostAfterSeconds: 20, priority: 90 })
    expect(reported(fail(world(nodes, [one, other]), ['node-01']))[0]).toBe('other: moves 1→node-02')
  })

  test('places all replicas that a deployment lost, or none', () => {
    const nodes = [node('node-01', { holds: 1 }), node('node-02', { holds: 1 }), node('node-03')]
    const web = subject('web', ['node-01', 'node-02'])
    const [outcome] = fail(world(nodes, [web]), ['node-01', 'node-02'])
    expect(outcome).toMatchObject({ outcome: 'no-room', replicas: [{ to: null }, { to: null }] })
    expect(outcome?.refusal).toMatchObject({ needed: 2, found: 1 })
    expect(outcome?.refusal?.suggestions.map(({ kind }) => kind)).toContain('max-per-node')
  })

  test('counts fixed host ports of other replicas and of those placed before', () => {
    const taken = (port: number, name: string) => ({
      takenPorts: [{ port, holder: { deploymentId: idOf(name), name }, seenAtMs: null }],
    })
    const nodes = [node('node-01', { holds: 2 }), node('node-02', taken(8080, 'db')), node('node-03')]
    const first = subject('first', ['node-01'], { priority: 90, hostPorts: [8080] })
    const second = subject('second', ['node-01'], { priority: 10, hostPorts: [8080] })
    const outcomes = fail(world(nodes, [first, second]), ['node-01'])
    expect(reported(outcomes)).toEqual(['first: moves 1→node-03', 'second: no-room 1→nowhere'])
    expect(outcomes[1]?.refusal?.reasons).toMatchObject([
      { rule: 'host-ports', nodeIds: ['node-02', 'node-03'] },
      { rule: 'status', nodeIds: ['node-01'] },
    ])
    expect(outcomes[1]?.refusal?.suggestions.map(({ message }) => message)).toContain(
      'Use host port 8081 instead of 8080',
    )
  })

  test('keeps replicas that are never to be replaced', () => {
    const web = subject('web', ['node-01'], { lostAfterSeconds: 0 })
    const [outcome] = fail(world([node('node-01', { holds: 1 }), node('node-02')], [web]), ['node-01'])
    expect(outcome).toMatchObject({ outcome: 'never', replicas: [{ to: null }], placed: [] })
  })

  test('does not move replicas of a failed deployment, which waits for a person', () => {
    const web = subject('web', ['node-01'], { status: 'failed' })
    const [outcome] = fail(world([node('node-01', { holds: 1 }), node('node-02')], [web]), ['node-01'])
    expect(outcome).toMatchObject({ outcome: 'held', problem: expect.stringMatching(/^web has failed/) })
  })

  test('moves only replicas outside the regions under outage protection', () => {
    const nodes = [node('node-01', { holds: 1 }), node('node-02', { holds: 1 }), node('node-03')]
    const asked = world(nodes, [subject('held', ['node-01']), subject('free', ['node-02'])])
    expect(reported(fail(asked, ['node-01', 'node-02'], ['node-01'])).sort()).toEqual([
      'free: moves 1→node-03',
      'held: guarded 1→nowhere',
    ])
  })

  test('respects anti-affinity, also to replicas that moved earlier in the same drill', () => {
    const apart = placementRules({
      affinity: [{ kind: 'anti-affinity', deployment: 'noisy', on: 'node', required: true, weight: 50 }],
    })
    const nodes = [node('node-01', { holds: 2 }), node('node-02'), node('node-03', { holds: 1 })]
    const noisy = subject('noisy', ['node-01'], { priority: 90 })
    const quiet = subject('quiet', ['node-01'], { placementRules: apart })
    // Either of them alone would go to node-02.
    expect(reported(fail(world(nodes, [quiet, noisy]), ['node-01']))).toEqual([
      'noisy: moves 1→node-02',
      'quiet: moves 1→node-03',
    ])
    expect(reported(fail(world(nodes, [quiet]), ['node-01']))).toEqual(['quiet: moves 1→node-02'])
  })

  test('counts a replacement that is already starting', () => {
    const web = subject('web', [], { targetReplicas: 1 })
    web.deployment.attempts.push(attempt(0, 'node-01'), attempt(0, 'node-02', { generation: 2, status: 'starting' }))
    const [outcome] = fail(world([node('node-01'), node('node-02'), node('node-03')], [web]), ['node-01'])
    expect(outcome).toMatchObject({
      outcome: 'moves',
      placed: [],
      replicas: [{ to: { nodeId: 'node-02', score: null } }],
    })
  })

  test('has the same result on the fleet index, also with preferences', () => {
    const nodes = Array.from({ length: 12 }, (_, i) =>
      node(`node-${String(i).padStart(2, '0')}`, {
        holds: i % 4,
        region: ['us-east', 'eu-west', 'us-west'][i % 3] ?? '',
      }),
    )
    const some = Array.from({ length: 8 }, (_, i) =>
      subject(`web-${i}`, ['node-00', 'node-01', `node-0${2 + i}`], {
        priority: i,
        targetReplicas: 4,
        ...(i % 2 === 0 && {
          placementRules: placementRules({ spread: [{ across: 'region', maxSkew: null, weight: 50 }] }),
        }),
      }),
    )
    const asked = world(nodes, some)
    const byIndex = fail({ ...asked, indexFrom: 0 }, ['node-00', 'node-01'])
    const plainly = fail(asked, ['node-00', 'node-01'])
    expect(reported(byIndex)).toEqual(reported(plainly))
    expect(byIndex.map(({ replicas }) => replicas.map(({ to }) => to?.score))).toEqual(
      plainly.map(({ replicas }) => replicas.map(({ to }) => to?.score)),
    )
    expect(new Set(plainly.map(({ outcome }) => outcome))).toEqual(new Set(['moves', 'no-room']))
    expect(byIndex.flatMap(({ refusal }) => refusal?.reasons ?? [])).toEqual(
      plainly.flatMap(({ refusal }) => refusal?.reasons ?? []),
    )
  })
})

describe('a drain', () => {
  const drain = (asked: DrillWorld, names: string[]) => ended(drillDrain(asked, ids(names)))

  test('moves one replica of a deployment at a time, in turn with other deployments', () => {
    const capacity = { capacity: { cpuMillis: 1000, memoryMb: 8192, storageGb: 100, gpuUnits: 0 } }
    const nodes = [
      node('node-01', { holds: 2 }),
      node('node-02', { holds: 1 }),
      node('node-03', capacity),
      node('node-04', capacity),
    ]
    const web = subject('web', ['node-01', 'node-02'], { priority: 90 })
    const api = subject('api', ['node-01'])
    expect(reported(drain(world(nodes, [api, web]), ['node-01', 'node-02']))).toEqual([
      'web: no-room 1→node-03 2→nowhere',
      'api: moves 1→node-04',
    ])
  })

  test('needs capacity on other nodes, and otherwise leaves everything running', () => {
    const web = subject('web', ['node-01'])
    const [outcome] = drain(world([node('node-01', { holds: 1 }), node('node-02', { holds: 4 })], [web]), ['node-01'])
    expect(outcome).toMatchObject({ outcome: 'no-room', problem: 'Insufficient nodes: need 1, found 0 with capacity' })
    expect(outcome?.attempts).toMatchObject([{ status: 'running', wanted: 'run', nodeName: 'node-01' }])
  })

  test('continues until no replica moves any more', () => {
    const nodes = [node('node-01', { holds: 3 }), node('node-02'), node('node-03'), node('node-04')]
    const web = subject('web', ['node-01', 'node-01', 'node-01'], { maxPerNode: 3 })
    const [outcome] = drain(world(nodes, [web]), ['node-01'])
    expect(outcome?.replicas.map(({ to }) => to?.nodeId)).toEqual(['node-02', 'node-03', 'node-04'])
  })
})

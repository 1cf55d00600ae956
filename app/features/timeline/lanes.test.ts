import { describe, expect, test } from 'vitest'
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'
import type { ReplicaChange, StatusChange } from '@/core/views/deployments'
import { buildTimeline, type Lane, type Segment } from './lanes'

const start = Date.parse('2026-03-01T12:00:00Z')
const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString()
let row = 0

const deployment = (seconds: number, newStatus: DeploymentStatus, changedBy = 'scheduler'): StatusChange => ({
  id: String(++row),
  oldStatus: 'none',
  newStatus,
  changedBy,
  changedAt: at(seconds),
  reason: `now ${newStatus}`,
})

interface AChange {
  slot?: number
  generation?: number
  reason?: string
  nodeId?: string
  oldStatus?: ReplicaStatus
  health?: ReplicaChange['health']
}

const replica = (seconds: number, newStatus: ReplicaStatus, change: AChange = {}): ReplicaChange => ({
  id: String(++row),
  replicaId: `${change.slot ?? 0}-${change.generation ?? 1}`,
  slot: change.slot ?? 0,
  generation: change.generation ?? 1,
  nodeId: change.nodeId ?? 'node-01',
  oldStatus: change.oldStatus ?? 'none',
  newStatus,
  health: change.health ?? null,
  changedBy: 'scheduler',
  changedAt: at(seconds),
  reason: change.reason ?? '',
})

/** "pulling 2-5" for a segment from second 2 to second 5, "running 7-20…" for one that goes on. */
const read = ({ segments }: Lane): string[] =>
  segments.map(
    ({ phase, from, to, live }: Segment) =>
      `${phase} ${(from - start) / 1000}-${(to - start) / 1000}${live ? '…' : ''}`,
  )
const marks = ({ markers }: Lane): string[] => markers.map(({ kind, at: time }) => `${kind} ${(time - start) / 1000}`)

interface Scene {
  deployment: StatusChange[]
  replicas: ReplicaChange[]
  status: DeploymentStatus
  target?: number
  now?: number
}

const build = ({ deployment: changes, replicas, status, target = 1, now = 20 }: Scene) =>
  buildTimeline({
    timeline: { deployment: changes, replicas },
    status,
    targetReplicas: target,
    now: start + now * 1000,
  })

const firstStart = [
  replica(1, 'pending'),
  replica(2, 'starting', { reason: 'Pulling nginx:latest' }),
  replica(5, 'starting', { reason: 'Starting the container' }),
  replica(7, 'running', { reason: 'Running' }),
]

describe('a starting replica', () => {
  const model = build({
    deployment: [deployment(0, 'pending', 'admin'), deployment(1, 'scheduled'), deployment(7, 'running')],
    replicas: firstStart,
    status: 'running',
  })

  test('is queued, scheduled, pulling, starting and running, without a gap', () => {
    expect(model.lanes.map(read)).toEqual([
      ['queued 0-1', 'scheduled 1-2', 'pulling 2-5', 'starting 5-7', 'running 7-20…'],
    ])
  })

  test('has an open segment that ends now', () => {
    expect(model.live).toBe(true)
    expect(model.to).toBe(start + 20_000)
    expect(model.from).toBe(start)
  })

  test('has a marker for the user who requested it, and none for programs', () => {
    expect(model.markers.map(({ note }) => note)).toEqual(['admin: now pending'])
  })
})

describe('a replica that fails and is retried elsewhere', () => {
  const model = build({
    deployment: [deployment(0, 'pending', 'admin'), deployment(1, 'scheduled'), deployment(9, 'pending')],
    replicas: [
      ...firstStart,
      replica(9, 'failed', { reason: 'exited with code 1' }),
      replica(11, 'pending', { generation: 2, nodeId: 'node-02' }),
      replica(12, 'starting', { generation: 2, nodeId: 'node-02', reason: 'Starting' }),
    ],
    status: 'scheduled',
    now: 15,
  })
  const [lane] = model.lanes

  test('stays in one lane; the pause before the next attempt is queued', () => {
    expect(lane && read(lane)).toEqual([
      'queued 0-1',
      'scheduled 1-2',
      'pulling 2-5',
      'starting 5-7',
      'running 7-9',
      'queued 9-11',
      'scheduled 11-12',
      'starting 12-15…',
    ])
  })

  test('has a marker for the failure and for the retry', () => {
    expect(lane && marks(lane)).toEqual(['failed 9', 'retry 11'])
    expect(lane?.markers[0]?.note).toBe('node-01: exited with code 1')
    expect(lane?.markers[1]?.note).toBe('Attempt 2 on node-02')
  })
})

test('steps within one phase are one segment with the latest note', () => {
  const { lanes } = build({
    deployment: [deployment(0, 'pending')],
    replicas: [
      replica(1, 'pending'),
      replica(2, 'starting', { reason: 'Pulling nginx: 10 %' }),
      replica(3, 'starting', { reason: 'Pulling nginx: 90 %' }),
    ],
    status: 'scheduled',
    now: 4,
  })
  expect(lanes[0] && read(lanes[0])).toEqual(['queued 0-1', 'scheduled 1-2', 'pulling 2-4…'])
  expect(lanes[0]?.segments.at(-1)?.note).toBe('Pulling nginx: 90 %')
})

test('slots that wait for capacity have an open queued lane', () => {
  const { lanes, live } = build({
    deployment: [deployment(0, 'pending')],
    replicas: [],
    status: 'pending',
    target: 3,
    now: 30,
  })
  expect(lanes.map(read)).toEqual([['queued 0-30…'], ['queued 0-30…'], ['queued 0-30…']])
  expect(live).toBe(true)
})

test('a refused deployment is queued until its refusal', () => {
  const model = build({
    deployment: [deployment(0, 'pending'), deployment(2, 'failed')],
    replicas: [],
    status: 'failed',
    now: 500,
  })
  expect(model.lanes.map(read)).toEqual([['queued 0-2']])
  expect(model.lanes.map(marks)).toEqual([['failed 2']])
  expect(model.live).toBe(false)
  expect(model.to).toBe(start + 2000)
})

test('a slot removed by scaling keeps its lane, which ends', () => {
  const { lanes, live } = build({
    deployment: [deployment(0, 'pending'), deployment(30, 'pending', 'admin'), deployment(32, 'stopped')],
    replicas: [...firstStart, replica(30, 'stopping'), replica(32, 'stopped')],
    status: 'stopped',
    target: 0,
    now: 100,
  })
  expect(lanes[0] && read(lanes[0]).slice(-2)).toEqual(['running 7-30', 'stopping 30-32'])
  expect(lanes[0] && marks(lanes[0])).toEqual(['stopped 32'])
  expect(live).toBe(false)
})

test('a slot that is desired again was not queued in between', () => {
  const { lanes } = build({
    deployment: [deployment(0, 'pending'), deployment(32, 'stopped'), deployment(90, 'pending', 'admin')],
    replicas: [
      ...firstStart,
      replica(30, 'stopping'),
      replica(32, 'stopped'),
      replica(92, 'pending', { generation: 2 }),
    ],
    status: 'scheduled',
    now: 93,
  })
  expect(lanes[0] && read(lanes[0]).slice(-2)).toEqual(['queued 90-92', 'scheduled 92-93…'])
  expect(lanes[0] && marks(lanes[0])).toEqual(['stopped 32'])
})

test('a lost replica ends when it was lost, even if a later report says it stopped', () => {
  const { lanes } = build({
    deployment: [deployment(0, 'pending'), deployment(15, 'pending')],
    replicas: [...firstStart, replica(15, 'lost', { reason: 'node-01 went offline' }), replica(50, 'stopped')],
    status: 'pending',
    now: 60,
  })
  expect(lanes[0] && read(lanes[0]).slice(-2)).toEqual(['running 7-15', 'queued 15-60…'])
  expect(lanes[0] && marks(lanes[0])).toEqual(['lost 15', 'stopped 50'])
})

test('a restart in place continues the attempt and notes the exit and the failing health check', () => {
  const { lanes } = build({
    deployment: [deployment(0, 'pending')],
    replicas: [
      ...firstStart,
      replica(15, 'starting', { oldStatus: 'running', reason: 'exited with code 1' }),
      replica(19, 'running', { oldStatus: 'starting' }),
      replica(25, 'running', { oldStatus: 'running', health: 'unhealthy', reason: 'Its health check fails' }),
    ],
    status: 'running',
    now: 30,
  })
  expect(lanes[0] && read(lanes[0]).slice(-3)).toEqual(['running 7-15', 'restarting 15-19', 'running 19-30…'])
  expect(lanes[0] && marks(lanes[0])).toEqual(['interrupted 15', 'unhealthy 25'])
  expect(lanes[0]?.markers[0]?.note).toBe('node-01: exited with code 1')
})

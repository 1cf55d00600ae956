import { type DeploymentStatus, isLive } from '@/core/deployments/status'
import type { DeploymentTimeline, ReplicaChange, StatusChange } from '@/core/views/deployments'

export const phases = ['queued', 'scheduled', 'pulling', 'starting', 'running', 'restarting', 'stopping'] as const
export type Phase = (typeof phases)[number]

/** One phase of one attempt; times in milliseconds since 1970. */
export interface Segment {
  phase: Phase
  /** 0 before the first attempt. */
  generation: number
  nodeId: string | null
  from: number
  to: number
  /** Whether the phase is open: `to` is now. */
  live: boolean
  /** The recorded reason or progress. */
  note: string
}

export interface Marker {
  kind: 'failed' | 'lost' | 'stopped' | 'interrupted' | 'unhealthy' | 'retry' | 'person'
  at: number
  note: string
}

export interface Lane {
  slot: number
  segments: Segment[]
  markers: Marker[]
}

/** The address of the log of an attempt at a time in ISO 8601. */
export type LogHref = (attempt: { slot: number; generation: number }, at: string) => string

/** What a replica did at a time, or last before it; null before the first attempt. */
export const segmentAt = ({ segments }: Lane, at: number): Segment | null =>
  segments.findLast(({ generation, from }) => generation > 0 && from <= at) ?? null

export interface TimelineModel {
  lanes: Lane[]
  /** Actions by users on the whole deployment. */
  markers: Marker[]
  from: number
  to: number
  /** Whether some lane is still open: the right edge is now. */
  live: boolean
}

/** Every time at which something in the timeline begins, ends or happens. */
export const timesOf = ({ lanes, markers }: TimelineModel): number[] => [
  ...lanes.flatMap((lane) => [
    ...lane.segments.flatMap(({ from, to }) => [from, to]),
    ...lane.markers.map(({ at }) => at),
  ]),
  ...markers.map(({ at }) => at),
]

interface TimelineInput {
  timeline: DeploymentTimeline
  status: DeploymentStatus
  targetReplicas: number
  now: number
}

/** Actors that are not users. Nodes are recognized by the replicas they hold. */
const programs = new Set(['scheduler', 'agent', 'system'])

/** Builds one lane per slot from the record. Pure: open lanes end at `now`. */
export function buildTimeline({ timeline, status, targetReplicas, now }: TimelineInput): TimelineModel {
  const bySlot = groupBy(timeline.replicas, ({ slot }) => slot)
  const slots = new Set(bySlot.keys())
  if (status !== 'deleted' && status !== 'stopped') for (let slot = 0; slot < targetReplicas; slot++) slots.add(slot)

  const waits = waitTimes(timeline.deployment)
  const lanes = [...slots]
    .sort((a, b) => a - b)
    .map((slot) => buildLane(slot, bySlot.get(slot) ?? [], { waits, wanted: slot < targetReplicas, status, now }))
  const markers = timeline.deployment
    .filter(({ changedBy }) => !programs.has(changedBy))
    .map(
      ({ changedAt, changedBy, reason }): Marker => ({
        kind: 'person',
        at: ms(changedAt),
        note: `${changedBy}: ${reason}`,
      }),
    )

  const times = [
    ...lanes.flatMap((lane) => [
      ...lane.segments.flatMap(({ from, to }) => [from, to]),
      ...lane.markers.map(({ at }) => at),
    ]),
    ...timeline.deployment.map(({ changedAt }) => ms(changedAt)),
  ]
  const live = lanes.some((lane) => lane.segments.some((segment) => segment.live))
  const from = Math.min(...times, now)
  const to = live ? now : Math.max(...times, from)
  return { lanes, markers, from, to: Math.max(to, from + 1000), live }
}

/** Map.groupBy, which some supported runtimes lack. */
function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Map<number, Item[]> {
  const groups = new Map<number, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

const ms = (at: string): number => Date.parse(at)

interface Wait {
  from: number
  /** When the deployment ended unplaced: it failed, stopped or was deleted. */
  gaveUp: number | null
}

/** When the deployment began to wait for the scheduler. */
function waitTimes(changes: StatusChange[]): Wait[] {
  const waits: Wait[] = []
  for (const change of changes) {
    const last = waits.at(-1)
    if (change.newStatus === 'pending') waits.push({ from: ms(change.changedAt), gaveUp: null })
    else if (last && ['failed', 'stopped', 'deleted'].includes(change.newStatus)) last.gaveUp ??= ms(change.changedAt)
  }
  return waits
}

interface LaneContext {
  waits: Wait[]
  wanted: boolean
  status: DeploymentStatus
  now: number
}

function buildLane(slot: number, changes: ReplicaChange[], context: LaneContext): Lane {
  const lane: Lane = { slot, segments: [], markers: [] }
  const attempts = groupBy(changes, ({ generation }) => generation)
  let endedAt: number | null = null
  let someoneLives = false
  for (const [generation, attempt] of [...attempts].sort(([a], [b]) => a - b)) {
    const first = attempt[0]
    if (!first) continue
    const placedAt = ms(first.changedAt)
    addWait(lane, lastWait(context.waits, placedAt), { from: endedAt, to: placedAt })
    const before = lane.markers.at(-1)?.kind
    if (before === 'failed' || before === 'lost')
      lane.markers.push({ kind: 'retry', at: placedAt, note: `Attempt ${generation} on ${first.nodeId}` })
    const end = addAttempt(lane, attempt, context.now)
    someoneLives ||= end === null
    endedAt = end ?? endedAt
  }
  if (context.wanted && !someoneLives) addOpenWait(lane, endedAt, context)
  lane.markers.sort((a, b) => a.at - b.at)
  return lane
}

const lastWait = (waits: Wait[], at: number): Wait | undefined => waits.findLast(({ from }) => from <= at)

/** From when the slot was desired until it was assigned a node. */
function addWait(lane: Lane, wait: Wait | undefined, gap: { from: number | null; to: number }): void {
  if (!wait) return
  const from = Math.max(wait.from, gap.from ?? wait.from)
  if (from < gap.to)
    lane.segments.push({ phase: 'queued', generation: 0, nodeId: null, from, to: gap.to, live: false, note: '' })
}

/** A slot without a live attempt: it waits, or it waited until the deployment gave up. */
function addOpenWait(lane: Lane, endedAt: number | null, { waits, status, now }: LaneContext): void {
  if (status === 'stopped' || status === 'deleted') return
  const wait = lastWait(waits, now)
  const from = Math.max(wait?.from ?? endedAt ?? now, endedAt ?? 0)
  const gaveUp = status === 'failed' ? (wait?.gaveUp ?? from) : null
  const to = gaveUp ?? now
  if (to > from || gaveUp === null)
    lane.segments.push({
      phase: 'queued',
      generation: 0,
      nodeId: null,
      from,
      to: Math.max(to, from),
      live: gaveUp === null,
      note: '',
    })
  if (gaveUp !== null && endedAt === null) lane.markers.push({ kind: 'failed', at: gaveUp, note: 'Not placed' })
}

/** The segments of one attempt, and when it ended; null while it exists. */
function addAttempt(lane: Lane, changes: ReplicaChange[], now: number): number | null {
  let ended: number | null = null
  let hasRun = false
  changes.forEach((change, index) => {
    const at = ms(change.changedAt)
    const phase = phaseOf(change, hasRun)
    hasRun ||= change.newStatus === 'running'
    const problem = problemOf(change)
    if (problem) lane.markers.push({ kind: problem, at, note: `${change.nodeId}: ${change.reason}` })
    if (phase === null) {
      ended ??= at
      if (change.newStatus === 'failed' || change.newStatus === 'lost' || change.newStatus === 'stopped')
        lane.markers.push({ kind: change.newStatus, at, note: `${change.nodeId}: ${change.reason}` })
      return
    }
    const next = changes[index + 1]
    const to = next ? ms(next.changedAt) : now
    const last = lane.segments.at(-1)
    if (last && last.phase === phase && last.generation === change.generation) {
      last.to = to
      last.live = !next
      last.note = change.reason || last.note
      return
    }
    const { generation, nodeId, reason: note } = change
    lane.segments.push({ phase, generation, nodeId, from: at, to: Math.max(to, at), live: !next, note })
  })
  return ended
}

/** A problem of a replica that continues to run. */
function problemOf({ oldStatus, newStatus, health }: ReplicaChange): Marker['kind'] | null {
  if (oldStatus === 'running' && newStatus === 'starting') return 'interrupted'
  return newStatus === 'running' && health === 'unhealthy' ? 'unhealthy' : null
}

/** Agents report what they do within `starting` as text; pulling is recognized by it. */
function phaseOf({ newStatus, reason }: ReplicaChange, hasRun: boolean): Phase | null {
  if (newStatus === 'starting' && hasRun) return 'restarting'
  if (newStatus === 'starting') return /^pull/i.test(reason) ? 'pulling' : 'starting'
  if (newStatus === 'pending') return 'scheduled'
  if (newStatus === 'stopping') return 'stopping'
  return isLive(newStatus) ? 'running' : null
}

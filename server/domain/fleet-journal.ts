/**
 * The fleet as a row of snapshots and small differences, so that what any decision saw can be rebuilt without keeping the
 * whole fleet with each decision. Pure: plain data in, plain data out.
 */
import type { Fleet, FleetNode, MeasuredLatency } from './placement'
import type { Resources } from './resources'

/** A node as the journal keeps it: without what depends on the decision (its age then, the deployment's own replicas). */
export interface JournalNode extends Omit<FleetNode, 'heartbeatAgeMs' | 'ownReplicas'> {
  /** Milliseconds since 1970; null when there never was a heartbeat. */
  lastHeartbeatMs: number | null
}

/** The fleet at one point of the journal. A node's place in the list never changes; a removed one leaves a gap. */
export interface JournalState {
  nodes: (JournalNode | null)[]
  latencies: MeasuredLatency[]
}

export interface JournalSnapshot extends JournalState {
  kind: 'snapshot'
}

type NumberField = (typeof numberFields)[number]

/** What changed since the entry before. Columns: the same change of many nodes is two short lists. */
export interface JournalDelta {
  kind: 'delta'
  /** By field: places in the list, each less the one before it, and the new values. */
  numbers: Partial<Record<NumberField, { at: number[]; to: (number | null)[] }>>
  /** Nodes that are new or changed in another way, whole; null for removed ones. */
  put: [place: number, node: JournalNode | null][]
  latencies?: MeasuredLatency[]
}

export type JournalEntry = JournalSnapshot | JournalDelta

/** The numbers that change all the time, with how to read and replace them. */
const numberFields = [
  'lastHeartbeatMs',
  'cpuUsagePercent',
  'memoryUsagePercent',
  'reserved.cpuMillis',
  'reserved.memoryMb',
  'reserved.storageGb',
  'reserved.gpuUnits',
  'unseen.cpuMillis',
  'unseen.memoryMb',
] as const

function read(node: JournalNode, field: NumberField): number | null {
  const [outer, inner] = field.split('.') as ['reserved' | 'unseen', keyof Resources] | [keyof JournalNode]
  const value = inner === undefined ? node[outer] : (node[outer] as Partial<Resources>)[inner]
  return (value ?? null) as number | null
}

function replaced(node: JournalNode, field: NumberField, value: number | null): JournalNode {
  const [outer, inner] = field.split('.') as [keyof JournalNode, string?]
  return inner === undefined
    ? { ...node, [outer]: value }
    : { ...node, [outer]: { ...(node[outer] as object), [inner]: value } }
}

/** Everything but the numbers above, for telling whether a node changed in another way. */
const rest = (node: JournalNode): string =>
  JSON.stringify({
    ...node,
    lastHeartbeatMs: 0,
    cpuUsagePercent: 0,
    memoryUsagePercent: 0,
    reserved: 0,
    unseen: 0,
  })

/** The difference from `before` to `after` at the given places (all others are the same); null when there is none. */
export function difference(before: JournalState, after: JournalState, places: Iterable<number>): JournalDelta | null {
  const delta: JournalDelta = { kind: 'delta', numbers: {}, put: [] }
  const last = new Map<NumberField, number>()
  let some = false
  for (const place of [...places].sort((a, b) => a - b)) {
    const old = before.nodes[place] ?? null
    const now = after.nodes[place] ?? null
    if (old === now) continue
    if (old === null || now === null || rest(old) !== rest(now)) {
      delta.put.push([place, now])
      some = true
      continue
    }
    for (const field of numberFields) {
      const value = read(now, field)
      if (value === read(old, field)) continue
      delta.numbers[field] ??= { at: [], to: [] }
      delta.numbers[field].at.push(place - (last.get(field) ?? 0))
      delta.numbers[field].to.push(value)
      last.set(field, place)
      some = true
    }
  }
  if (JSON.stringify(before.latencies) !== JSON.stringify(after.latencies)) {
    delta.latencies = after.latencies
    some = true
  }
  return some ? delta : null
}

/** The state after an entry. Throws when a difference comes first: there is nothing it could be a difference from. */
export function advance(state: JournalState | null, entry: JournalEntry): JournalState {
  if (entry.kind === 'snapshot') return { nodes: [...entry.nodes], latencies: entry.latencies }
  if (state === null) throw new Error('The journal begins with a difference: its snapshot is gone')
  const nodes = [...state.nodes]
  for (const [place, node] of entry.put) {
    // A node that came and went between two entries never got an entry of its own.
    while (nodes.length < place) nodes.push(null)
    nodes[place] = node
  }
  for (const [field, { at, to }] of Object.entries(entry.numbers) as [
    NumberField,
    { at: number[]; to: (number | null)[] },
  ][]) {
    let place = 0
    for (const [i, step] of at.entries()) {
      place += step
      const node = nodes[place]
      if (!node) throw new Error(`The journal changes node ${place}, which is not there`)
      nodes[place] = replaced(node, field, to[i] ?? null)
    }
  }
  return { nodes, latencies: entry.latencies ?? state.latencies }
}

/** What was placed earlier in the same batch: counts as reserved and as load. */
export interface EarlierPlacement {
  nodeIds: string[]
  resources: Resources
}

/** What makes a state of the journal the fleet that one decision saw. */
export interface Viewpoint {
  /** Milliseconds since 1970 */
  atMs: number
  earlier: EarlierPlacement[]
  /** Replicas of the deployment that held reservations, by node (UUID). */
  own: ReadonlyMap<string, number>
}

/**
 * The fleet as one decision saw it, nodes in the journal's order. Field by field: previews do this for the whole fleet at
 * every keystroke, and spreading takes many times as long.
 */
export function fleetSeenFrom(state: JournalState, { atMs, earlier, own }: Viewpoint): Fleet {
  const placed = new Map<string, Resources>()
  for (const { nodeIds, resources } of earlier) for (const id of nodeIds) placed.set(id, sum(placed.get(id), resources))
  const nodes: FleetNode[] = []
  for (const node of state.nodes) {
    if (!node) continue
    const more = placed.get(node.id)
    nodes.push({
      id: node.id,
      nodeId: node.nodeId,
      nodeType: node.nodeType,
      region: node.region,
      status: node.status,
      cordoned: node.cordoned,
      draining: node.draining,
      simulated: node.simulated,
      labels: node.labels,
      latitude: node.latitude,
      longitude: node.longitude,
      engineError: node.engineError,
      capacity: node.capacity,
      reserved: more ? sum(node.reserved, more) : node.reserved,
      cpuUsagePercent: node.cpuUsagePercent,
      memoryUsagePercent: node.memoryUsagePercent,
      heartbeatAgeMs: node.lastHeartbeatMs === null ? null : Math.max(0, atMs - node.lastHeartbeatMs),
      unseen: more
        ? {
            cpuMillis: node.unseen.cpuMillis + more.cpuMillis,
            memoryMb: node.unseen.memoryMb + more.memoryMb,
          }
        : node.unseen,
      ownReplicas: own.get(node.id) ?? 0,
    })
  }
  return { nodes, latencies: state.latencies }
}

const sum = (a: Resources | undefined, b: Resources): Resources =>
  a === undefined
    ? b
    : {
        cpuMillis: a.cpuMillis + b.cpuMillis,
        memoryMb: a.memoryMb + b.memoryMb,
        storageGb: a.storageGb + b.storageGb,
        gpuUnits: a.gpuUnits + b.gpuUnits,
      }

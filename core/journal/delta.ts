import type { MeasuredLatency } from '@/core/placement/types'
import {
  isAlike,
  type JournalNode,
  type NumberField,
  numberFields,
  readNumber,
  stepsOf,
  valueOfSteps,
  withoutNumbers,
  writeNumber,
} from './node-record'

/** The fleet at one point of the journal. A node's position in the list never changes; a removed node leaves null. */
export interface JournalState {
  nodes: (JournalNode | null)[]
  latencies: MeasuredLatency[]
}

export interface JournalSnapshot extends JournalState {
  kind: 'snapshot'
}

/** The changes since the previous entry, by column, so that the same change of many nodes takes a few short lists. */
export interface JournalDelta {
  kind: 'delta'
  /** Positions of nodes with changed numbers, ascending. */
  places: number[]
  /** By field: the change in steps at each of these positions, 0 if unchanged. */
  steps: Partial<Record<NumberField, number[]>>
  /** Whole nodes that are new or changed in another way; null for removed ones. */
  put: [place: number, node: JournalNode | null][]
  latencies?: MeasuredLatency[]
}

/** A delta of older journals, without steps: by field, positions (each minus the previous one) and new values. */
export interface FormerDelta {
  kind: 'delta'
  numbers: Partial<Record<NumberField, { at: number[]; to: (number | null)[] }>>
  put: JournalDelta['put']
  latencies?: MeasuredLatency[]
}

export type JournalEntry = JournalSnapshot | JournalDelta

/** Returns the state after the last entry; the first entry must be a snapshot. */
export function rebuild(entries: Iterable<JournalEntry | FormerDelta>): JournalState {
  let state: JournalState | null = null
  /** Nodes that were copied here and may be modified. */
  const own = new Set<JournalNode>()
  for (const entry of entries) {
    if (entry.kind === 'snapshot') {
      state = { nodes: [...entry.nodes], latencies: entry.latencies }
      own.clear()
      continue
    }
    if (state === null) throw new Error('The journal begins with a difference: its snapshot is gone')
    apply(entry, state.nodes, own)
    state.latencies = entry.latencies ?? state.latencies
  }
  if (state === null) throw new Error('The journal has no entry')
  return state
}

function apply(entry: JournalDelta | FormerDelta, nodes: JournalState['nodes'], own: Set<JournalNode>): void {
  for (const [place, node] of entry.put) {
    // A node that came and went between two entries never got an entry of its own.
    while (nodes.length < place) nodes.push(null)
    nodes[place] = node
  }
  const writable = (place: number): JournalNode => {
    const node = nodes[place]
    if (!node) throw new Error(`The journal changes node ${place}, which is not there`)
    if (own.has(node)) return node
    const copy = { ...node, reserved: { ...node.reserved }, unseen: { ...node.unseen } }
    nodes[place] = copy
    own.add(copy)
    return copy
  }
  if ('numbers' in entry) applyFormer(entry, writable)
  else applySteps(entry, writable)
}

function applySteps({ places, steps }: JournalDelta, writable: (place: number) => JournalNode): void {
  for (const [field, column] of Object.entries(steps) as [NumberField, number[]][])
    for (const [i, step] of column.entries()) {
      if (step === 0) continue
      const node = writable(places[i] ?? -1)
      writeNumber(node, field, valueOfSteps(field, (stepsOf(field, readNumber(node, field)) ?? 0) + step))
    }
}

function applyFormer(entry: FormerDelta, writable: (place: number) => JournalNode): void {
  for (const [field, { at, to }] of Object.entries(entry.numbers) as [
    NumberField,
    { at: number[]; to: (number | null)[] },
  ][]) {
    let place = 0
    for (const [i, gap] of at.entries()) {
      place += gap
      writeNumber(writable(place), field, to[i] ?? null)
    }
  }
}

/** Returns the delta from `before` to `after` at the given positions (all others are equal); null if there is none. */
export function difference(before: JournalState, after: JournalState, places: Iterable<number>): JournalDelta | null {
  const delta: JournalDelta = { kind: 'delta', places: [], steps: {}, put: [] }
  for (const place of [...places].sort((a, b) => a - b)) {
    const old = before.nodes[place] ?? null
    const now = after.nodes[place] ?? null
    if (old === now) continue
    const steps = old && now && stepsBetween(old, now)
    if (steps === null) delta.put.push([place, now])
    else if (steps.some((step) => step !== 0)) {
      for (const [i, field] of numberFields.entries()) {
        const step = steps[i] ?? 0
        if (step !== 0) delta.steps[field] ??= delta.places.map(() => 0)
        delta.steps[field]?.push(step)
      }
      delta.places.push(place)
    }
  }
  if (JSON.stringify(before.latencies) !== JSON.stringify(after.latencies)) delta.latencies = after.latencies
  return delta.places.length > 0 || delta.put.length > 0 || delta.latencies ? delta : null
}

/** Returns null when something else changed, or when a number is not a whole number of steps. */
function stepsBetween(old: JournalNode, now: JournalNode): number[] | null {
  const steps: number[] = []
  for (const field of numberFields) {
    const from = readNumber(old, field)
    const to = readNumber(now, field)
    const a = from === to ? 0 : stepsOf(field, from)
    const b = from === to ? 0 : stepsOf(field, to)
    if (a === null || b === null) return null
    steps.push(b - a)
  }
  return isAlike(withoutNumbers(old), withoutNumbers(now)) ? steps : null
}

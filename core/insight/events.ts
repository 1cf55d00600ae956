/** The events of the whole installation in one list. */
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'

/** Kinds of events: status changes of deployments and replicas, node events, and actions of people. */
export const eventKinds = ['deployment', 'replica', 'node', 'person'] as const
export type EventKind = (typeof eventKinds)[number]

export interface FleetEvent {
  /** Unique among all kinds: "node:42". */
  id: string
  kind: EventKind
  /** ISO 8601 */
  at: string
  /** The object of the event; `id` is null if that has no page of its own. */
  subject: { type: 'deployment' | 'node' | 'user' | 'other'; id: string | null; name: string }
  /** The new status, for status changes. */
  status: { of: 'deployment'; to: DeploymentStatus } | { of: 'replica'; to: ReplicaStatus } | null
  /** In a few words: "joined", "user.create"; empty for status changes. */
  action: string
  detail: string
  actor: string
}

/**
 * A page of events begins below these ids, one per kind; a kind without an id begins at its newest event. In URLs:
 * "deployment:<uuid>.node:42".
 */
export type EventCursor = Partial<Record<EventKind, string>>

export const cursorText = (cursor: EventCursor): string =>
  eventKinds.flatMap((kind) => (cursor[kind] === undefined ? [] : [`${kind}:${cursor[kind]}`])).join('.')

const ids: Record<EventKind, RegExp> = {
  deployment: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  replica: /^\d{1,18}$/,
  node: /^\d{1,18}$/,
  person: /^\d{1,18}$/,
}

/** Parses a cursor; null when the text is not one. */
export function parseCursor(text: string): EventCursor | null {
  const cursor: EventCursor = {}
  for (const part of text.split('.')) {
    const colon = part.indexOf(':')
    const kind = eventKinds.find((one) => one === part.slice(0, colon))
    const id = part.slice(colon + 1)
    if (!kind || !ids[kind].test(id)) return null
    cursor[kind] = id
  }
  return cursor
}

/**
 * Merges the events of all kinds into one page, newest first, and returns the cursor of the next page (null when there
 * is none). Each kind keeps the order in which it was written even if clocks disagree; otherwise the cursor would lose
 * or repeat events. At most `limit` events of each kind were read.
 */
export function mergePage(
  read: Partial<Record<EventKind, readonly FleetEvent[]>>,
  { limit, from }: { limit: number; from: EventCursor },
): { events: FleetEvent[]; next: EventCursor | null } {
  const lists = eventKinds.map((kind) => [...(read[kind] ?? [])])
  const mayHaveMore = lists.some((list) => list.length === limit)
  const events: FleetEvent[] = []
  while (events.length < limit) {
    let newest: FleetEvent[] | null = null
    for (const list of lists) if (list[0] && (!newest?.[0] || list[0].at > newest[0].at)) newest = list
    const event = newest?.shift()
    if (!event) break
    events.push(event)
  }
  if (!mayHaveMore && lists.every((list) => list.length === 0)) return { events, next: null }
  const next: EventCursor = { ...from }
  for (const event of events) next[event.kind] = event.id.slice(event.kind.length + 1)
  return { events, next }
}

/** What happened in the whole installation, as one row of events; and what stands out now. */
import type { DeploymentStatus, ReplicaStatus } from '@/core/deployments/status'

/** Where events come from: status changes of deployments and of replicas, what nodes went through, what people did. */
export const eventKinds = ['deployment', 'replica', 'node', 'person'] as const
export type EventKind = (typeof eventKinds)[number]

export interface FleetEvent {
  /** Unique among all kinds: "node:42". */
  id: string
  kind: EventKind
  /** ISO 8601 */
  at: string
  /** What it happened to; `id` is null for what has no page of its own. */
  subject: { type: 'deployment' | 'node' | 'user' | 'other'; id: string | null; name: string }
  /** The status it came to, when it was a status change. */
  status: { of: 'deployment'; to: DeploymentStatus } | { of: 'replica'; to: ReplicaStatus } | null
  /** In a few words: "joined", "user.create"; empty for status changes. */
  action: string
  detail: string
  actor: string
}

/**
 * Where a page of events begins: below these ids, one for each kind; a kind that is missing begins at its newest.
 * As text in addresses: "deployment:<uuid>.node:42".
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

/** The cursor that a text stands for; null when it is none. */
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
 * Merges what was read of each kind, each in the order in which it was written, the newest first, into one page, and
 * says where the next one begins: null when there is none. Kinds keep their own order, also where clocks disagree by a
 * moment, or the place where the next page begins would lose or repeat something. `limit` were read of each at most.
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

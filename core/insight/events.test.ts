import { expect, test } from 'vitest'
import { cursorText, type EventCursor, type EventKind, type FleetEvent, mergePage, parseCursor } from './events'

const event = (kind: EventKind, id: number, second: number): FleetEvent => ({
  id: `${kind}:${id}`,
  kind,
  at: new Date(second * 1000).toISOString(),
  subject: { type: 'other', id: null, name: '' },
  status: null,
  action: '',
  detail: '',
  actor: 'test',
})

const cursor: EventCursor = { deployment: '0193c0de-0000-7000-8000-000000000001', node: '42' }

test('a cursor survives the round trip through a URL', () => {
  expect(parseCursor(cursorText(cursor))).toEqual(cursor)
})

test.each(['', 'node', 'node:', 'node:x', 'moon:1', 'deployment:12', 'node:1.node'])('“%s” is no cursor', (text) => {
  expect(parseCursor(text)).toBeNull()
})

test('pages contain every event once, even if the clocks of two writers disagree', () => {
  // Every fifth event was written a little later than its time says.
  const all = Array.from({ length: 57 }, (_, i) =>
    event((['node', 'replica', 'person'] as const)[(i * 7) % 3] ?? 'node', i + 1, i % 5 === 0 ? i - 4 : i),
  )
  const limit = 10
  const seen: string[] = []
  let from: EventCursor | null = {}
  let pages = 0
  while (from) {
    const start: EventCursor = from
    const older = (kind: EventKind) =>
      all
        .filter((one) => one.kind === kind && Number(one.id.split(':')[1]) < Number(start[kind] ?? Infinity))
        .reverse()
        .slice(0, limit)
    const read = { node: older('node'), replica: older('replica'), person: older('person') }
    const page = mergePage(read, { limit, from: start })
    expect(page.events.length).toBeLessThanOrEqual(limit)
    seen.push(...page.events.map((one) => one.id))
    from = page.next
    pages++
  }
  expect(pages).toBeGreaterThan(5)
  expect(new Set(seen).size).toBe(seen.length)
  expect([...seen].sort()).toEqual(all.map((one) => one.id).sort())
})

test('events of different kinds are merged newest first', () => {
  const { events, next } = mergePage(
    { node: [event('node', 2, 30), event('node', 1, 10)], person: [event('person', 9, 20)] },
    { limit: 5, from: {} },
  )
  expect(events.map((one) => one.id)).toEqual(['node:2', 'person:9', 'node:1'])
  expect(next).toBeNull()
})

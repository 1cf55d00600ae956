import { describe, expect, test } from 'vitest'
import { auditCursorText, differences, parseAuditCursor } from './audit'

describe('the differences of an entry', () => {
  test('are the fields that changed, and not those that stayed', () => {
    const before = { draining: false, maintenance: false }
    const after = { draining: true, maintenance: false, replicas: 2 }
    expect(differences({ before, after })).toEqual([
      { field: 'draining', before: 'no', after: 'yes' },
      { field: 'replicas', before: null, after: '2' },
    ])
  })

  test('include nested fields, and show a list of plain values as one', () => {
    const before = { value: { weights: { cpu: 0.5, latency: 0.5 } } }
    const after = { value: { weights: { cpu: 0.7, latency: 0.5 }, packing: null }, changes: ['image', 'replicas'] }
    expect(differences({ before, after })).toEqual([
      { field: 'value.weights.cpu', before: '0.5', after: '0.7' },
      { field: 'value.packing', before: null, after: 'none' },
      { field: 'changes', before: null, after: 'image, replicas' },
    ])
  })

  test('name each entry of a list of objects', () => {
    expect(differences({ before: null, after: { ports: [{ container: 80 }] } })).toEqual([
      { field: 'ports.0.container', before: null, after: '80' },
    ])
  })

  test('are empty for an entry without recorded values', () => {
    expect(differences({ before: null, after: null })).toEqual([])
  })
})

test('a cursor survives the round trip through a URL', () => {
  const cursor = { atMs: 1_764_264_000_123, id: '42' }
  expect(parseAuditCursor(auditCursorText(cursor))).toEqual(cursor)
  for (const text of ['', '42', '1-', 'x-1', '1-2-3', `1-${'9'.repeat(19)}`]) expect(parseAuditCursor(text)).toBeNull()
})

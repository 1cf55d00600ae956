import type { Store } from '@/server/db/client'
import { type RecordedDecision, readDecision } from '@/server/store/decisions/decision-reads'

/**
 * Number of cached records: sliders request the same record many times a second, and a large fleet takes long to
 * rebuild.
 */
const kept = 4

const recent = new WeakMap<Store, Map<string, Promise<RecordedDecision>>>()

/** Reads a recorded decision. Records never change, so they are cached. */
export function recordedDecision(store: Store, id: string): Promise<RecordedDecision> {
  const records = recent.get(store) ?? new Map<string, Promise<RecordedDecision>>()
  recent.set(store, records)
  const record = records.get(id) ?? readDecision(store, id)
  // Moves the record to the end, so that the least recently used one is evicted first.
  records.delete(id)
  records.set(id, record)
  for (const old of records.keys()) {
    if (records.size <= kept) break
    records.delete(old)
  }
  record.catch(() => records.delete(id))
  return record
}

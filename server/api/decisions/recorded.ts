import type { Store } from '@/server/db/client'
import { type RecordedDecision, readDecision } from '@/server/store/decisions/decision-reads'

/** How many stay in memory: sliders ask for the same record many times a second, and a large fleet takes long to rebuild. */
const kept = 4

const recent = new WeakMap<Store, Map<string, Promise<RecordedDecision>>>()

/** A decision from its record, which never changes. */
export function recordedDecision(store: Store, id: string): Promise<RecordedDecision> {
  const records = recent.get(store) ?? new Map<string, Promise<RecordedDecision>>()
  recent.set(store, records)
  const record = records.get(id) ?? readDecision(store, id)
  // The latest is the last: what was looked at longest ago goes first.
  records.delete(id)
  records.set(id, record)
  for (const old of records.keys()) {
    if (records.size <= kept) break
    records.delete(old)
  }
  record.catch(() => records.delete(id))
  return record
}

/** The scheduler without decision records and journal, as the baseline of the benchmark. */
import type { Store } from '@/server/db/client'
import { FleetView } from '@/server/worker/fleet-cache'

/** Statements that write records, and the results that they would return. */
const skipped: Record<string, { rows: object[]; rowCount: number }> = {
  'insert-journal-entry': { rows: [{ seq: '1' }], rowCount: 1 },
  'insert-decisions': { rows: [], rowCount: 0 },
}

/** Computes no differences, and so packs none. */
export class FleetViewWithoutJournal extends FleetView {
  override journalSeq: bigint | null = 1n

  override unwritten(): null {
    return null
  }
}

/** The same store, whose transactions skip those statements. */
export function withoutRecords(store: Store): Store {
  const pool = new Proxy(store.pool, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (property === 'connect') return async () => skipping(await target.connect())
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { ...store, pool }
}

const skipping = <Client extends object>(client: Client): Client =>
  new Proxy(client, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      if (property !== 'query') return value.bind(target)
      return (...args: unknown[]) => {
        const [query] = args
        const name = typeof query === 'object' && query !== null && 'name' in query ? String(query.name) : ''
        return skipped[name] ? Promise.resolve(skipped[name]) : value.apply(target, args)
      }
    },
  })

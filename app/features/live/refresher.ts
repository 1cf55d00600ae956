import type { QueryClient } from '@tanstack/react-query'
import type { LiveChange } from '@/core/views/live'
import { Changes, isInvalidated, minimumAge } from './invalidation-rules'

const tickMs = 250

interface Refresher {
  add(change: LiveChange): void
  stop(): void
}

/**
 * Reloads changed queries, a few times per second at most. A running query is left to finish (under constant change it
 * would restart forever) and is loaded once more afterwards, because its answer may predate the change.
 */
export function makeRefresher(queries: QueryClient, now: () => number = Date.now): Refresher {
  let changes = new Changes()
  let late = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const tick = (): void => {
    timer = undefined
    const batch = changes
    const waiting = late
    changes = new Changes()
    late = new Set()
    const due: string[] = []
    for (const query of queries.getQueryCache().getAll()) {
      if (!waiting.has(query.queryHash) && (batch.empty || !isInvalidated(query.queryKey, batch))) continue
      const busy = query.state.fetchStatus === 'fetching'
      const young = query.isActive() && now() - query.state.dataUpdatedAt < minimumAge(query.queryKey)
      if (busy || young) late.add(query.queryHash)
      else due.push(query.queryHash)
    }
    const dueSet = new Set(due)
    if (dueSet.size > 0) void queries.invalidateQueries({ predicate: (query) => dueSet.has(query.queryHash) })
    if (late.size > 0) schedule()
  }

  const schedule = (): void => {
    timer ??= setTimeout(tick, tickMs)
  }

  return {
    add(change) {
      changes.add(change)
      schedule()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}

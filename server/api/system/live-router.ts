import { setTimeout as sleep } from 'node:timers/promises'
import { tracked } from '@trpc/server'
import { z } from 'zod'
import { personText } from '@/core/contract/fields'
import type { LiveChange } from '@/core/views/live'
import { router, signedInProcedure } from '@/server/api/context/trpc'
import { ChangeCollector, stoppingError } from '@/server/api/stream/streams'
import type { Change } from '@/server/db/notify'

/** Minimum time between two batches of changes to one reader, in milliseconds. */
const pauseMs = 100

const event = (topic: LiveChange['topic'], ids: readonly string[] = []): LiveChange => ({ topic, ids: [...ids] })

export const liveRouter = router({
  /**
   * Streams changes to pages, which then refetch. An interrupted stream continues after `lastEventId`. If that is
   * impossible, and at the first start, the stream begins with `hello`: refetch everything.
   */
  changes: signedInProcedure
    .input(z.object({ lastEventId: personText({ max: 100 }).nullish() }).optional())
    .subscription(async function* ({ ctx, input, signal }) {
      const { live, stopping } = ctx.services
      const access = ctx.services.access.watch(ctx.actor)
      // Subscribes before looking back, so that a change in between is sent twice rather than missed.
      const collector = new ChangeCollector(live, () => true, [signal, stopping, access.signal])
      const missed = live.since(input?.lastEventId ?? '')
      let cursor = (missed && input?.lastEventId) || live.cursor
      /**
       * Only the last event of a batch has its number: after an interruption within a batch the whole batch is sent
       * again.
       */
      const eventsOf = function* (changes: Change[]) {
        const before = cursor
        cursor = live.cursor
        for (const [index, { topic, ids }] of changes.entries())
          yield tracked(index === changes.length - 1 ? cursor : before, event(topic as LiveChange['topic'], ids))
      }
      try {
        if (missed) yield* eventsOf(missed)
        else yield tracked(cursor, event('hello'))
        while (!signal?.aborted) {
          const next = await collector.next()
          if (stopping.aborted) throw stoppingError()
          if (access.signal.aborted) {
            yield tracked(cursor, event('session-ended'))
            return
          }
          yield* eventsOf(next)
          await sleep(pauseMs)
        }
      } finally {
        collector.close()
        access.release()
      }
    }),
})

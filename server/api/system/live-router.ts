import { setTimeout as sleep } from 'node:timers/promises'
import { tracked } from '@trpc/server'
import { z } from 'zod'
import type { LiveChange } from '@/core/views/live'
import { router, signedInProcedure } from '@/server/api/context/trpc'
import { personText } from '@/server/api/inputs/fields'
import { ChangeCollector, stoppingError } from '@/server/api/stream/streams'
import type { Change } from '@/server/db/notify'

/** At most this often does one reader hear of changes, in milliseconds. */
const pauseMs = 100

const event = (topic: LiveChange['topic'], ids: readonly string[] = []): LiveChange => ({ topic, ids: [...ids] })

export const liveRouter = router({
  /**
   * What changed, for pages that read it again. A stream that broke goes on after `lastEventId`; where that can't be,
   * and at the very start, it begins with `hello`: everything is to be read again.
   */
  changes: signedInProcedure
    .input(z.object({ lastEventId: personText({ max: 100 }).nullish() }).optional())
    .subscription(async function* ({ ctx, input, signal }) {
      const { live, stopping } = ctx.services
      const access = ctx.services.access.watch(ctx.actor)
      // Listens before it looks back: what happens in between is told twice rather than never.
      const collector = new ChangeCollector(live, () => true, [signal, stopping, access.signal])
      const missed = live.since(input?.lastEventId ?? '')
      let cursor = (missed && input?.lastEventId) || live.cursor
      /** Only the last event of a batch carries its number: a stream that breaks within one gets all of it again. */
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

import { setTimeout as sleep } from 'node:timers/promises'
import { tracked } from '@trpc/server'
import type { LiveChange } from '../domain/views'
import { findAccount } from '../store/users'
import { ChangeCollector, stoppingError } from './streams'
import { router, signedInProcedure } from './trpc'

/** At most this often does one reader hear of changes, in milliseconds. */
const pauseMs = 100

const topicsOfPages: ReadonlySet<string> = new Set([
  'deployment',
  'node',
  'user',
  'token',
  'setting',
  'scheduler',
] satisfies LiveChange['topic'][])

export const liveRouter = router({
  /** What changed, for pages that read it again. Starts with `hello`; after a reconnect everything is to be read again. */
  changes: signedInProcedure.subscription(async function* ({ ctx, signal }) {
    const { changes, stopping, store } = ctx.services
    const collector = new ChangeCollector(changes, (change) => topicsOfPages.has(change.topic), [signal, stopping])
    let id = 0
    const event = (change: LiveChange) => tracked(String(++id), change)
    try {
      yield event({ topic: 'hello', ids: [] })
      while (!signal?.aborted) {
        const next = await collector.next()
        if (stopping.aborted) throw stoppingError()
        for (const change of next) {
          if (change.topic === 'user' && (change.ids.length === 0 || change.ids.includes(ctx.actor.id))) {
            const account = await findAccount(store, ctx.actor.id)
            if (!account || account.disabled || account.sessionEpoch !== ctx.actor.sessionEpoch) {
              yield event({ topic: 'session-ended', ids: [] })
              return
            }
          }
          yield event({ topic: change.topic as LiveChange['topic'], ids: [...change.ids] })
        }
        await sleep(pauseMs)
      }
    } finally {
      collector.close()
    }
  }),
})

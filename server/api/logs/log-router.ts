import { tracked } from '@trpc/server'
import { z } from 'zod'
import { idText, personText, queryLimit } from '@/core/contract/fields'
import { logLimits } from '@/core/logs/log'
import type { LogEvent } from '@/core/views/live'
import { procedureFor, router } from '@/server/api/context/trpc'
import { ChangeCollector, stoppingError } from '@/server/api/stream/streams'
import type { Store } from '@/server/db/client'
import { type ReadState, readLogStates, requireReplicas, unreadLogs, wantLogs } from '@/server/store/logs/replica-logs'
import { cursorsOf, cursorText } from './log-cursor'
import { logTail } from './log-tail'

/** Well before a log subscription expires. */
const renewEveryMs = 10_000

const replicaIds = z
  .array(z.uuid())
  .min(1, 'Name at least one replica')
  .max(logLimits.replicas, `At most ${logLimits.replicas} replicas can be read at once`)

export const logRouter = router({
  logTail: procedureFor('deployments.read')
    .meta({
      openapi: {
        method: 'GET',
        path: '/deployment/logs/{deployment_id}',
        tags: ['deployment'],
        summary: 'The newest lines of the logs of its replicas, merged',
        description:
          'Nodes are asked for what is newer than what is kept, and have two seconds to send it; of nodes that are away, ' +
          'and of containers that ended, there are the lines that were kept.',
      },
    })
    .input(
      z.object({
        deployment_id: idText(),
        lines: queryLimit({ max: logLimits.firstLines, default: 200 }),
      }),
    )
    .output(
      z.array(
        z.object({
          replica_id: z.string(),
          node_name: z.string(),
          at: z.string().describe("By the node's clock, with nanoseconds"),
          stream: z.enum(['stdout', 'stderr']),
          text: z.string(),
        }),
      ),
    )
    .query(({ ctx, input }) => logTail(ctx.services, input.deployment_id, input.lines)),

  /**
   * Streams the logs of some replicas: the stored lines, and new ones from the nodes while somebody listens. An
   * interrupted stream continues after `lastEventId`.
   */
  logs: procedureFor('deployments.read')
    .input(z.object({ id: idText(), replicas: replicaIds, lastEventId: personText({ max: 4_000 }).nullish() }))
    .subscription(async function* ({ ctx, input, signal }) {
      const { changes, stopping, store, log } = ctx.services
      await requireReplicas(store, input.id, input.replicas)
      const cursors = cursorsOf(input.replicas, input.lastEventId ?? '')
      const states = new Map<string, ReadState>()
      const access = ctx.services.access.watch(ctx.actor)
      const submit = (event: LogEvent) => tracked(cursorText(input.replicas, cursors), event)
      // Subscribes before the first read, so that a change in between is read twice rather than missed.
      const collector = new ChangeCollector(
        changes,
        ({ topic, ids }) => topic === 'log' && (ids.length === 0 || input.replicas.some((id) => ids.includes(id))),
        [signal, stopping, access.signal],
      )
      const renew = setInterval(() => {
        wantLogs(store, input.replicas).catch((error: Error) => log.warn(`A log wish had to wait: ${error.message}`))
      }, renewEveryMs)
      try {
        await wantLogs(store, input.replicas)
        while (!signal?.aborted && !access.signal.aborted) {
          for await (const chunk of unreadLogs(store, cursors)) yield submit({ kind: 'lines', ...chunk })
          for (const state of await newStates(store, input.replicas, states)) yield submit({ kind: 'state', ...state })
          await collector.next()
          if (stopping.aborted) throw stoppingError()
        }
      } finally {
        clearInterval(renew)
        collector.close()
        access.release()
      }
    }),
})

/** Returns the states that differ from those that were sent, and notes them as sent. */
async function newStates(store: Store, ids: readonly string[], reported: Map<string, ReadState>): Promise<ReadState[]> {
  const found = new Map((await readLogStates(store, ids)).map((state) => [state.replicaId, state]))
  return ids.flatMap((replicaId) => {
    const state = found.get(replicaId) ?? { replicaId, state: null, message: '' }
    const before = reported.get(replicaId)
    if (before && before.state === state.state && before.message === state.message) return []
    reported.set(replicaId, state)
    return [state]
  })
}

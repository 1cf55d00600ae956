import type { Store } from '@/server/db/client'
import type { Logger } from '@/server/lib/log'
import { type Author, audit } from '@/server/store/records/audit'
import { GatheredLog } from './gathered-log'

/** A call that was answered 403. */
interface RefusedCall {
  actor: Author & { id: string }
  /** The procedure, such as node.drain. */
  call: string
  /** The message to the caller. */
  why: string
}

export type RefusalLog = GatheredLog<RefusedCall>

/** Writes refused calls of signed-in users to the audit log, batched per person and call. */
export const createRefusalLog = ({ store, log }: { store: Store; log: Logger }): RefusalLog =>
  new GatheredLog<RefusedCall>({
    keyOf: ({ actor, call }) => JSON.stringify([actor.id, actor.apiTokenId, actor.address, call]),
    pooled: ({ actor }) => ({
      actor: { id: actor.id, name: actor.name, address: null, apiTokenId: null },
      call: 'many calls',
      why: 'More kinds of refused calls than are told apart',
    }),
    write: async ({ actor, call, why }, times) => {
      try {
        await audit(store.pool, actor, {
          action: 'call.refused',
          subjectType: 'call',
          subjectId: call,
          after: { why, ...(times > 1 ? { times } : {}) },
        })
      } catch (error) {
        log.warn({ err: error }, `The audit log could not be told that ${call} was refused`)
      }
    },
  })

import type { AuditAction } from '@/core/audit/audit'
import type { Store } from '@/server/db/client'
import type { Logger } from '@/server/lib/log'
import { type Author, audit } from '@/server/store/records/audit'
import { GatheredLog } from './gathered-log'

/** A sign-in or a refused attempt. */
interface SignInEvent {
  action: Extract<AuditAction, 'session.sign-in' | `sign-in.${string}`>
  /** Null for an unknown name. Such a name is not recorded, because people type passwords into that field. */
  user: { id: string; name: string } | null
  address: string | null
  after?: Record<string, string>
}

const nobody = '00000000-0000-0000-0000-000000000000'

/** Writes sign-ins and refused attempts to the audit log. A failure to write doesn't fail the sign-in. */
export const createSignInLog = ({ store, log }: { store: Store; log: Logger }): SignInLog =>
  new GatheredLog<SignInEvent>({
    keyOf: ({ action, user, address, after }) => JSON.stringify([action, user?.id ?? null, address, after ?? null]),
    pooled: ({ action }) => ({ action, user: null, address: null }),
    write: async ({ action, user, address, after }, times) => {
      const author: Author = {
        name: action === 'session.sign-in' && user ? user.name : 'nobody',
        address,
        apiTokenId: null,
      }
      try {
        await audit(store.pool, author, {
          action,
          subjectType: 'user',
          subjectId: user?.id ?? nobody,
          after: { ...(user ? {} : { name: 'unknown user' }), ...after, ...(times > 1 ? { times } : {}) },
        })
      } catch (error) {
        log.warn({ err: error }, `The audit log could not be told of ${action}`)
      }
    },
  })

export type SignInLog = GatheredLog<SignInEvent>

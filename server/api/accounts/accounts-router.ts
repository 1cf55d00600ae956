import { z } from 'zod'
import { may, type Permission, permissions, type Role, roles } from '@/core/accounts/roles'
import { Failure } from '@/core/contract/failure'
import { idText, personText, trimmedText } from '@/core/contract/fields'
import type { UserView } from '@/core/views/accounts'
import { inPasswordQueue } from '@/server/api/context/auth'
import type { Context } from '@/server/api/context/context'
import {
  inPersonProcedure,
  inPersonProcedureFor,
  procedureFor,
  router,
  signedInProcedure,
} from '@/server/api/context/trpc'
import { endSession, endSessions, listSessions } from '@/server/store/accounts/sessions'
import { lockedFailure } from '@/server/store/accounts/sign-in-limit'
import {
  changeOwnPassword,
  createUser,
  listUsers,
  setUserDisabled,
  setUserPassword,
  setUserRole,
} from '@/server/store/accounts/users'
import { createJoinToken, listJoinTokens, revokeJoinToken } from '@/server/store/agents/join-tokens'
import type { Actor } from '@/server/store/records/audit'

const role = z.enum(roles, { error: `The role must be one of ${roles.join(', ')}` })
const password = personText({ max: 1000, shape: 'raw', error: 'The password must be text' })
const byId = z.object({ id: idText() })

export const meRouter = router({
  get: signedInProcedure.query(({ ctx }) => ({
    id: ctx.actor.id,
    username: ctx.actor.name,
    role: ctx.actor.role,
    permissions: (Object.keys(permissions) as Permission[]).filter((permission) => may(ctx.actor.role, permission)),
  })),

  /** Changes the caller's password and ends the caller's other sessions. */
  changePassword: inPersonProcedure
    .input(z.object({ current: password, next: password }))
    .mutation(({ ctx, input }) => inPasswordQueue(ctx.services, ctx.address, () => changePassword(ctx, input))),

  /** The caller's valid sessions. */
  sessions: inPersonProcedure.query(({ ctx }) => listSessions(ctx.services.store, ctx.actor.id, ctx.actor.sessionId)),

  /** Ends one of the caller's sessions, which may be the current one. */
  endSession: inPersonProcedure
    .input(byId)
    .mutation(({ ctx, input }) => endSession(ctx.services.store, ctx.actor, { id: input.id, userId: ctx.actor.id })),

  /** Ends all of the caller's sessions but the current one. */
  endSessions: inPersonProcedure.mutation(({ ctx }) =>
    endSessions(ctx.services.store, ctx.actor, { userId: ctx.actor.id, keep: ctx.actor.sessionId }),
  ),
})

async function changePassword(
  { services: { store, signInLimit }, actor }: Context & { actor: Actor },
  { current, next }: { current: string; next: string },
): Promise<void> {
  const counted = await signInLimit.confirm(actor.sessionId ?? actor.id)
  if (counted.lockedSeconds !== null) throw lockedFailure(counted.lockedSeconds)
  const changed = await changeOwnPassword(store, actor, { id: actor.id, current, next, keep: actor.sessionId })
  if (!changed) {
    const message = 'That is not your current password'
    throw new Failure('bad-input', message, { fields: [{ path: 'current', message }] })
  }
  await counted.giveBack()
}

export const userRouter = router({
  list: procedureFor('users.manage').query(async ({ ctx }): Promise<UserView[]> => {
    const users = await listUsers(ctx.services.store)
    return users.map((user) => ({
      id: user.id,
      username: user.username,
      role: user.role as Role,
      disabled: user.disabledAt !== null,
      lastLoginAt: user.lastLoginAt?.toISOString() ?? null,
      createdAt: user.createdAt.toISOString(),
      isSelf: user.id === ctx.actor.id,
    }))
  }),

  create: inPersonProcedureFor('users.manage')
    .input(z.object({ username: personText({ max: 100 }), password, role }))
    .mutation(({ ctx, input }) => createUser(ctx.services.store, ctx.actor, input)),

  setRole: inPersonProcedureFor('users.manage')
    .input(byId.extend({ role }))
    .mutation(({ ctx, input }) => setUserRole(ctx.services.store, ctx.actor, input)),

  setDisabled: inPersonProcedureFor('users.manage')
    .input(byId.extend({ disabled: z.boolean() }))
    .mutation(({ ctx, input }) => setUserDisabled(ctx.services.store, ctx.actor, input)),

  /** Sets a user's password. When callers set their own, the current session stays. */
  setPassword: inPersonProcedureFor('users.manage')
    .input(byId.extend({ password }))
    .mutation(({ ctx, input }) =>
      setUserPassword(ctx.services.store, ctx.actor, { ...input, keep: ctx.actor.sessionId }),
    ),

  sessions: inPersonProcedureFor('users.manage')
    .input(byId)
    .query(({ ctx, input }) => listSessions(ctx.services.store, input.id, ctx.actor.sessionId)),

  endSession: inPersonProcedureFor('users.manage')
    .input(byId.extend({ session_id: idText() }))
    .mutation(({ ctx, input }) =>
      endSession(ctx.services.store, ctx.actor, { id: input.session_id, userId: input.id }),
    ),

  /** Ends all sessions of a user. When callers end their own, the current one stays. */
  endSessions: inPersonProcedureFor('users.manage')
    .input(byId)
    .mutation(({ ctx, input }) =>
      endSessions(ctx.services.store, ctx.actor, { userId: input.id, keep: ctx.actor.sessionId }),
    ),
})

export const joinTokenRouter = router({
  list: procedureFor('tokens.manage').query(({ ctx }) => listJoinTokens(ctx.services.store, ctx.services.clock.now())),

  create: procedureFor('tokens.manage')
    .input(
      z.object({
        name: trimmedText({ max: 100 }).min(1, 'Give the token a name'),
        max_nodes: z.number().int().min(1, 'At least one node').max(100_000).nullable(),
        expires_in_hours: z
          .number()
          .min(0.01, 'At least some minutes')
          .max(24 * 365, 'At most a year'),
      }),
    )
    .mutation(async ({ ctx, input }) => {
      const { id, token } = await createJoinToken(ctx.services.store, ctx.actor, {
        name: input.name,
        maxNodes: input.max_nodes,
        expiresInHours: input.expires_in_hours,
      })
      return { id, token, command: `FOGDECK_JOIN_TOKEN=${token} npm run agent -- --server ${ctx.origin}` }
    }),

  revoke: procedureFor('tokens.manage')
    .input(byId)
    .mutation(({ ctx, input }) => revokeJoinToken(ctx.services.store, ctx.actor, input.id)),
})

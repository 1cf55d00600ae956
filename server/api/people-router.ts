import { z } from 'zod'
import { may, type Permission, permissions, type Role, roles } from '../domain/roles'
import type { UserView } from '../domain/views'
import { createJoinToken, listJoinTokens, revokeJoinToken } from '../store/join-tokens'
import {
  changeOwnPassword,
  createUser,
  endSessions,
  listUsers,
  setUserDisabled,
  setUserPassword,
  setUserRole,
} from '../store/users'
import { renewSession } from './renew-session'
import { inPersonProcedure, inPersonProcedureFor, procedureFor, router, signedInProcedure } from './trpc'

const role = z.enum(roles, { error: `The role must be one of ${roles.join(', ')}` })
const password = z.string({ error: 'The password must be text' }).max(1000)
const byId = z.object({ id: z.string() })

export const meRouter = router({
  get: signedInProcedure.query(({ ctx }) => ({
    id: ctx.actor.id,
    username: ctx.actor.name,
    role: ctx.actor.role,
    permissions: (Object.keys(permissions) as Permission[]).filter((permission) => may(ctx.actor.role, permission)),
  })),

  /** Ends all sessions of the caller, this one too. */
  changePassword: inPersonProcedure
    .input(z.object({ current: password, next: password }))
    .mutation(({ ctx, input }) => changeOwnPassword(ctx.services.store, ctx.actor, { id: ctx.actor.id, ...input })),

  /** Ends all sessions of the caller; a page gets a new one in place of its own, when it asks for this alone. */
  endSessions: inPersonProcedure.mutation(async ({ ctx }) => {
    const epoch = await endSessions(ctx.services.store, ctx.actor, ctx.actor.id)
    return { kept: await renewSession(ctx, ctx.actor, epoch) }
  }),
})

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
    .input(z.object({ username: z.string().max(100), password, role }))
    .mutation(({ ctx, input }) => createUser(ctx.services.store, ctx.actor, input)),

  setRole: inPersonProcedureFor('users.manage')
    .input(byId.extend({ role }))
    .mutation(({ ctx, input }) => setUserRole(ctx.services.store, ctx.actor, input)),

  setDisabled: inPersonProcedureFor('users.manage')
    .input(byId.extend({ disabled: z.boolean() }))
    .mutation(({ ctx, input }) => setUserDisabled(ctx.services.store, ctx.actor, input)),

  setPassword: inPersonProcedureFor('users.manage')
    .input(byId.extend({ password }))
    .mutation(({ ctx, input }) => setUserPassword(ctx.services.store, ctx.actor, input)),

  /** Of oneself: as me.endSessions. */
  endSessions: inPersonProcedureFor('users.manage')
    .input(byId)
    .mutation(async ({ ctx, input }) => {
      const epoch = await endSessions(ctx.services.store, ctx.actor, input.id)
      if (input.id === ctx.actor.id) await renewSession(ctx, ctx.actor, epoch)
    }),
})

export const joinTokenRouter = router({
  list: procedureFor('tokens.manage').query(({ ctx }) => listJoinTokens(ctx.services.store, ctx.services.clock.now())),

  create: procedureFor('tokens.manage')
    .input(
      z.object({
        name: z.string().trim().min(1, 'Give the token a name').max(100, 'At most 100 characters'),
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

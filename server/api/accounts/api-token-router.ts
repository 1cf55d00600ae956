import { z } from 'zod'
import { may, roles } from '@/core/accounts/roles'
import { idText, trimmedText } from '@/core/contract/fields'
import { inPersonProcedure, procedureFor, router, signedInProcedure } from '@/server/api/context/trpc'
import { createApiToken, listApiTokens, revokeApiToken } from '@/server/store/accounts/api-tokens'

export const apiTokenRouter = router({
  /** The caller's API tokens. */
  list: signedInProcedure.query(({ ctx }) => listApiTokens(ctx.services.store, ctx.actor.id)),

  listAll: procedureFor('tokens.manage').query(({ ctx }) => listApiTokens(ctx.services.store, null)),

  /** Creates a token. Only this answer contains it. */
  create: inPersonProcedure
    .input(
      z.object({
        name: trimmedText({ max: 100 }).min(1, 'Give the token a name'),
        scope: z.enum(roles, { error: `The scope must be one of ${roles.join(', ')}` }),
        /** null: the token never expires. */
        expires_in_hours: z
          .number()
          .min(0.01, 'At least some minutes')
          .max(24 * 366, 'At most a year, or never')
          .nullable(),
      }),
    )
    .mutation(({ ctx, input }) =>
      createApiToken(ctx.services.store, ctx.actor, {
        username: ctx.actor.name,
        name: input.name,
        scope: input.scope,
        expiresInHours: input.expires_in_hours,
      }),
    ),

  /** Revokes a token of the caller, or any token for those who manage tokens. */
  revoke: inPersonProcedure.input(z.object({ id: idText() })).mutation(({ ctx, input }) =>
    revokeApiToken(ctx.services.store, ctx.actor, {
      id: input.id,
      ofAnybody: may(ctx.actor.role, 'tokens.manage'),
    }),
  ),
})

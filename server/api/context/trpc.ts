import { initTRPC, TRPCError } from '@trpc/server'
import type { OpenApiMeta } from 'trpc-to-openapi'
import { z } from 'zod'
import { may, type Permission } from '@/core/accounts/roles'
import { Failure, type FailureCode, type FieldProblem } from '@/core/contract/failure'
import { sizeProblem } from '@/core/contract/input-size'
import { databaseProblem } from '@/server/db/errors'
import type { Context } from './context'

const codes: Record<FailureCode, TRPCError['code']> = {
  'bad-input': 'BAD_REQUEST',
  'not-signed-in': 'UNAUTHORIZED',
  forbidden: 'FORBIDDEN',
  'not-found': 'NOT_FOUND',
  conflict: 'CONFLICT',
  'not-holder': 'PRECONDITION_FAILED',
  'too-many': 'TOO_MANY_REQUESTS',
  unavailable: 'SERVICE_UNAVAILABLE',
}

/** All invalid fields of a refused call, whichever layer refused it, with the first problem of each. */
export function fieldsOf(error: TRPCError): FieldProblem[] {
  if (error.cause instanceof Failure) return error.cause.fields
  return error.cause instanceof z.core.$ZodError ? zodProblems(error.cause) : []
}

/** Limits the answer to a list with thousands of invalid items. */
const shownProblems = 100

/** Problems of a call that a schema of zod or zod/mini refused. */
export function zodProblems(error: z.core.$ZodError): FieldProblem[] {
  const first = new Map<string, string>()
  for (const { path, message } of error.issues) {
    if (first.size === shownProblems) break
    const name = path.join('.')
    if (!first.has(name)) first.set(name, message)
  }
  return [...first].map(([path, message]) => ({ path, message }))
}

/** A message for people: what is wrong and what to do. */
export function sentenceOf(error: TRPCError): string {
  if (error.cause instanceof z.core.$ZodError) {
    const fields = fieldsOf(error)
    return fields.length === 1 && fields[0]
      ? `${fields[0].path}: ${fields[0].message}`
      : `${fields.length} fields are wrong: ${fields.map((field) => field.path).join(', ')}`
  }
  if (error.code === 'INTERNAL_SERVER_ERROR')
    return 'The server could not do this because of a fault of its own; its log says more'
  return error.message
}

/** What a procedure says of itself. */
export interface ProcedureMeta extends OpenApiMeta {
  /** It accepts work that is done later, so that REST answers 202 instead of 200. */
  accepted?: true
}

const t = initTRPC
  .context<Context>()
  .meta<ProcedureMeta>()
  .create({
    sse: { ping: { enabled: true, intervalMs: 5_000 }, client: { reconnectAfterInactivityMs: 15_000 } },
    errorFormatter: ({ shape, error }) => ({
      ...shape,
      message: sentenceOf(error),
      data: {
        code: shape.data.code,
        httpStatus: shape.data.httpStatus,
        path: shape.data.path,
        fields: fieldsOf(error),
      },
    }),
  })

export const router = t.router
export const mergeRouters = t.mergeRouters
export const createCallerFactory = t.createCallerFactory

/** Converts a failure to a tRPC error. */
export const refusal = (cause: Failure): TRPCError =>
  new TRPCError({ code: codes[cause.code], message: cause.message, cause })

/**
 * Records a forbidden call of a signed-in user in the audit log; agents are not users, so their calls are not recorded.
 */
export async function recordForbidden(
  { actor, services }: Pick<Context, 'actor' | 'services'>,
  call: string,
  { code, message: why }: Failure,
): Promise<void> {
  if (code === 'forbidden' && actor) await services.refusalLog.note({ actor, call, why })
}

/** Converts failures to answers, and logs unexpected errors. */
const settled = t.middleware(async ({ ctx, next, path }) => {
  const result = await next()
  if (result.ok) return result
  const { cause } = result.error
  if (cause instanceof Failure) {
    await recordForbidden(ctx, path, cause)
    throw refusal(cause)
  }
  const databaseFault = databaseProblem(cause)
  if (databaseFault !== null) {
    ctx.services.log.warn(`${path} had to wait: ${databaseFault} (${cause?.message})`)
    throw refusal(new Failure('unavailable', databaseFault))
  }
  if (result.error.code === 'INTERNAL_SERVER_ERROR')
    ctx.services.log.error({ err: cause ?? result.error, path }, `${path} failed`)
  return result
})

/** Refuses input that is deeper or larger than any valid input, before other code walks through it. */
export const sized = t.middleware(async ({ getRawInput, next }) => {
  const problem = sizeProblem(await getRawInput())
  if (problem !== null) throw new Failure('bad-input', problem.message, { fields: [problem] })
  return next()
})

/** A procedure whose input was not parsed yet. Procedures built on this check the caller first and then use `sized`. */
export const unreadProcedure = t.procedure.use(settled)

/** Returns the actor if signed in and permitted; throws a Failure otherwise. */
export function permitted({ actor, refusal: why }: Context, permission: Permission): NonNullable<Context['actor']> {
  if (!actor) throw new Failure('not-signed-in', why ?? 'Sign in first')
  if (may(actor.role, permission)) return actor
  const who = actor.apiTokenId === null ? `The role ${actor.role}` : `This API token acts as ${actor.role}, which`
  throw new Failure('forbidden', `${who} may not do this (${permission})`)
}

/** A procedure for signed-in actors with the permission. */
export const procedureFor = (permission: Permission) =>
  unreadProcedure.use(({ ctx, next }) => next({ ctx: { ...ctx, actor: permitted(ctx, permission) } })).use(sized)

export const signedInProcedure = unreadProcedure
  .use(({ ctx, next }) => {
    const { actor } = ctx
    if (!actor) throw new Failure('not-signed-in', ctx.refusal ?? 'Sign in first')
    return next({ ctx: { ...ctx, actor } })
  })
  .use(sized)

/** Refuses API tokens for passwords, roles and tokens: these would outlive the token or exceed its rights. */
const inPerson = t.middleware(({ ctx, next }) => {
  if (ctx.actor?.apiTokenId) throw new Failure('forbidden', 'An API token may not do this: sign in with your password')
  return next()
})

/** Procedures for people who signed in with a password, not for API tokens. */
export const inPersonProcedure = signedInProcedure.use(inPerson)
export const inPersonProcedureFor = (permission: Permission) => procedureFor(permission).use(inPerson)

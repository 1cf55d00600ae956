import { z } from 'zod'
import { may } from '@/core/accounts/roles'
import { pageLimit, personText, personTime } from '@/core/contract/fields'
import { cursorText, eventKinds, parseCursor } from '@/core/insight/events'
import { procedureFor, router } from '@/server/api/context/trpc'
import { readEvents } from '@/server/store/insight/events'
import { readOverview } from '@/server/store/insight/overview'

const cursorSchema = personText({ max: 300 }).transform((text, context) => {
  const cursor = parseCursor(text)
  if (cursor) return cursor
  context.addIssue({ code: 'custom', message: 'This is no place in the events: take it from next of an earlier page' })
  return z.NEVER
})

export const overviewRouter = router({
  get: procedureFor('deployments.read').query(({ ctx }) => readOverview(ctx.services.store)),
})

export const eventRouter = router({
  /**
   * Events, newest first; pass a page's `next` as `from` to get the following page. Actions of people are only for
   * those who manage users, because they show who signed in from where.
   */
  page: procedureFor('deployments.read')
    .input(
      z.object({
        kinds: z
          .array(z.enum(eventKinds))
          .min(1, 'Choose at least one kind of event')
          .max(eventKinds.length, 'A kind is listed twice')
          .default([...eventKinds]),
        subject: personText({ max: 200 }).optional(),
        actor: personText({ max: 200 }).optional(),
        after: personTime().optional(),
        before: personTime().optional(),
        from: cursorSchema.optional(),
        limit: pageLimit({ max: 200, default: 50 }),
      }),
    )
    .query(async ({ ctx, input }) => {
      const { events, next } = await readEvents(ctx.services.store, {
        kinds: input.kinds.filter((kind) => kind !== 'person' || may(ctx.actor.role, 'users.manage')),
        subject: input.subject,
        actor: input.actor,
        after: input.after,
        before: input.before,
        from: input.from ?? {},
        limit: input.limit,
      })
      return { events, next: next && cursorText(next) }
    }),
})

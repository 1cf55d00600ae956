import { z } from 'zod'
import { auditActions, auditCursorText, parseAuditCursor } from '@/core/audit/audit'
import { pageLimit, personText, personTime } from '@/core/contract/fields'
import { procedureFor, router } from '@/server/api/context/trpc'
import { readAudit } from '@/server/store/records/audit-reads'

const cursorSchema = personText({ max: 50 }).transform((text, context) => {
  const cursor = parseAuditCursor(text)
  if (cursor) return cursor
  context.addIssue({ code: 'custom', message: 'This is no place in the log: take it from next of an earlier page' })
  return z.NEVER
})

const moment = personTime('Give the moment as 2026-01-31T12:00:00Z')

export const auditFilterSchema = z.object({
  actor: personText({ max: 200 }).optional(),
  action: z.enum(auditActions, { error: 'There is no such action' }).optional(),
  subject: personText({ max: 200 }).optional(),
  after: moment.optional(),
  before: moment.optional(),
})

export const auditRouter = router({
  /** Actions of people and programs, newest first; pass a page's `next` as `from` to get the following page. */
  page: procedureFor('audit.read')
    .input(auditFilterSchema.extend({ from: cursorSchema.optional(), limit: pageLimit({ max: 200, default: 100 }) }))
    .query(async ({ ctx, input: { from = null, limit, ...filter } }) => {
      // One extra entry shows whether there is another page.
      const read = await readAudit(ctx.services.store, filter, { from, limit: limit + 1 })
      const entries = read.slice(0, limit)
      const last = read.length > limit ? entries.at(-1) : undefined
      return { entries, next: last ? auditCursorText({ atMs: Date.parse(last.at), id: last.id }) : null }
    }),
})

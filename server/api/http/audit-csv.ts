import { TRPCError } from '@trpc/server'
import type { AuditEntry } from '@/core/audit/audit'
import { Failure } from '@/core/contract/failure'
import { csvLine } from '@/core/lib/csv'
import { auditFilterSchema } from '@/server/api/accounts/audit-router'
import type { Context, Services } from '@/server/api/context/context'
import { permitted, recordForbidden, refusal, zodProblems } from '@/server/api/context/trpc'
import { databaseProblem } from '@/server/db/errors'
import { type AuditFilter, readAudit } from '@/server/store/records/audit-reads'
import { problemOf, problemResponse } from './problem'
import { contextOfRequest } from './request-context'

/** Entries that are read and sent at a time. */
const batch = 1000

const head = [
  'at',
  'actor',
  'address',
  'action',
  'subject_type',
  'subject_id',
  'subject_name',
  'before',
  'after',
  'api_token',
]

/** GET /api/audit.csv: all entries that match the page's filters, newest first. */
export async function handleAuditCsv(services: Services, request: Request): Promise<Response> {
  let context: Context | null = null
  try {
    context = await contextOfRequest(services, request, { resHeaders: new Headers() })
    permitted(context, 'audit.read')
  } catch (error) {
    if (error instanceof Failure) {
      if (context) await recordForbidden(context, 'audit.csv', error)
      return problemResponse(problemOf(refusal(error)))
    }
    if (error instanceof TRPCError) return problemResponse(problemOf(error))
    throw error
  }
  const filter = auditFilterSchema.safeParse(Object.fromEntries(new URL(request.url).searchParams))
  if (!filter.success)
    return problemResponse({ status: 422, detail: 'Some filters are wrong', errors: zodProblems(filter.error) })
  const pages = readAuditPages(services, filter.data)
  let first: AuditEntry[]
  try {
    // Reads the first page before the answer begins, because a later error can only cut the answer off.
    first = await pages.next()
  } catch (error) {
    const databaseFault = databaseProblem(error)
    services.log.warn({ err: error }, 'The audit log could not be read')
    return problemResponse({
      status: databaseFault === null ? 500 : 503,
      detail:
        databaseFault ?? 'The server could not read the audit log because of a fault of its own; its log says more',
    })
  }
  const day = services.clock.now().toISOString().slice(0, 10)
  return new Response(csvStream(services, pages, first), {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="fogdeck-audit-${day}.csv"`,
      'cache-control': 'no-store',
    },
  })
}

/** Reads all matching entries, `batch` at a time; a shorter page is the last one. */
function readAuditPages({ store }: Services, filter: AuditFilter): { next(): Promise<AuditEntry[]> } {
  let last: AuditEntry | null = null
  return {
    next: async () => {
      const from = last && { atMs: Date.parse(last.at), id: last.id }
      const entries = await readAudit(store, filter, { from, limit: batch })
      last = entries.at(-1) ?? null
      return entries
    },
  }
}

/** Streams the CSV with backpressure, so that a log of any length is read only as fast as the client takes it. */
function csvStream(
  { log }: Services,
  pages: { next(): Promise<AuditEntry[]> },
  first: AuditEntry[],
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let read: AuditEntry[] | null = first
  return new ReadableStream({
    start: (controller) => controller.enqueue(encoder.encode(csvLine(head))),
    pull: async (controller) => {
      try {
        const entries = read ?? (await pages.next())
        read = null
        if (entries.length > 0) controller.enqueue(encoder.encode(entries.map(lineOf).join('')))
        if (entries.length < batch) controller.close()
      } catch (error) {
        log.warn({ err: error }, 'The audit log could not be sent to its end')
        // The download must fail rather than look complete.
        controller.error(error)
      }
    },
  })
}

const lineOf = ({ at, actor, apiToken, address, action, subject, before, after }: AuditEntry): string =>
  csvLine([
    ...[at, actor, address ?? '', action, subject.type, subject.id, subject.name],
    ...[before, after].map((fields) => (fields ? JSON.stringify(fields) : '')),
    apiToken ?? '',
  ])

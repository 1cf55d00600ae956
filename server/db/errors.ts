/** What is wrong with the database, told apart from what is wrong with a call. */
import { hasCode } from '@/server/lib/system-error'

interface Problem {
  codes: readonly string[]
  text: RegExp | null
  sentence: string
}

/** SQLSTATEs, codes of the operating system and of Prisma, and messages of the driver where it has no code. */
const problems: readonly Problem[] = [
  {
    codes: ['53100', 'ENOSPC'],
    text: /no space left on device/i,
    sentence: 'The disk of the database is full: make room on it, and everything goes on by itself',
  },
  {
    codes: ['53200', '53300'],
    text: /remaining connection slots/i,
    sentence: 'The database has no room for another connection now',
  },
  {
    codes: ['57P01', '57P02', '57P03'],
    text: /the database system is (starting up|shutting down|in recovery mode)/i,
    sentence: 'The database is starting or stopping',
  },
  {
    codes: ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'P1001'],
    text: null,
    sentence: 'The database cannot be reached',
  },
  {
    codes: ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', '08000', '08003', '08006', '25P03', 'P1002', 'P1008', 'P1017', 'P2024'],
    text: /connection terminated|timeout exceeded when trying to connect|query read timeout|not queryable/i,
    sentence: 'The database does not answer',
  },
]

/** A sentence for people; null if the error says nothing about the database itself. */
export function databaseProblem(error: unknown): string | null {
  for (const cause of causesOf(error)) {
    const problem = problems.find(
      ({ codes, text }) =>
        hasCode(cause, ...codes) || (text !== null && cause instanceof Error && text.test(cause.message)),
    )
    if (problem) return problem.sentence
  }
  return null
}

/** The error and its causes: drivers and Prisma wrap each other's errors. */
function causesOf(error: unknown, depth = 0): unknown[] {
  if (!(error instanceof Error) || depth > 5) return []
  const inner = error instanceof AggregateError ? error.errors : [error.cause]
  return [error, ...inner.flatMap((cause) => causesOf(cause, depth + 1))]
}

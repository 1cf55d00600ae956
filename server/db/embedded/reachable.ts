import pg from 'pg'
import { hasCode } from '@/server/lib/system-error'

/** Errors of a server that is starting or a network that is coming up. */
const passing = ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', '57P03']
const databaseIsAbsent = '3D000'

/** Why a database cannot be used, as the driver says it, and whether waiting may help; null if it can be used. */
export async function connectionProblem(url: string): Promise<{ message: string; mayPass: boolean } | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.end()
    return null
  } catch (error) {
    // The migrations create it.
    if (hasCode(error, databaseIsAbsent)) return null
    const causes: unknown[] = error instanceof AggregateError ? error.errors : [error]
    const message = causes.map((cause) => (cause instanceof Error ? cause.message : String(cause))).join(', ')
    return { message, mayPass: causes.every((cause) => hasCode(cause, ...passing)) }
  }
}

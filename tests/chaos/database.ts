/** What the harness asks the database, straight and with statements of its own; it writes nothing that stays. */
import pg from 'pg'

const connectTimeoutMs = 2_000
const statementTimeoutMs = 20_000

export class Database {
  /** @param url asked at each connection: the database may come back at another port. */
  constructor(private readonly url: () => string) {}

  /** The name of the scheduler that was elected last. */
  async leader(): Promise<string | null> {
    const { rows } = await this.query<{ leader: string | null }>('select leader from scheduler_leadership where id = 1')
    return rows[0]?.leader ?? null
  }

  async endLeadersSession(): Promise<void> {
    await this.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fogdeck-leader' and pid in (
         select pid from pg_locks where locktype = 'advisory' and granted)`,
    )
  }

  async query<Row extends object>(
    text: string,
    values: unknown[] = [],
  ): Promise<pg.QueryResult<Row & pg.QueryResultRow>> {
    return this.connected((client) => client.query<Row & pg.QueryResultRow>(text, values))
  }

  /** Everything that `work` reads is of one moment. */
  async snapshot<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.connected(async (client) => {
      await client.query('begin isolation level repeatable read read only')
      const result = await work(client)
      await client.query('commit')
      return result
    })
  }

  /**
   * Tries something that must be refused, and undoes it should it not be.
   * @returns the SQLSTATE; null when it went through, 'nothing' when there was no row to try it on.
   */
  async refusal(text: string): Promise<string | null> {
    return this.connected(async (client) => {
      await client.query('begin')
      try {
        const { rowCount } = await client.query(text)
        return rowCount === 0 ? 'nothing' : null
      } catch (error) {
        if (error instanceof pg.DatabaseError) return error.code ?? ''
        throw error
      } finally {
        await client.query('rollback')
      }
    })
  }

  private async connected<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({
      connectionString: this.url(),
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: statementTimeoutMs,
      application_name: 'chaos',
    })
    // A connection that breaks while nothing is asked.
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

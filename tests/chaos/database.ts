/** What the harness asks the database, directly and with statements of its own. Nothing that it writes remains. */
import pg from 'pg'

const connectTimeoutMs = 2_000
const statementTimeoutMs = 20_000

export class Database {
  /** @param url called for each connection, because the database may return on another port. */
  constructor(private readonly url: () => string) {}

  /** The name of the scheduler that was elected last. */
  async leader(): Promise<string | null> {
    const { rows } = await this.query<{ leader: string | null }>('select leader from scheduler_leadership where id = 1')
    return rows[0]?.leader ?? null
  }

  /** The session that holds the leader's lock, and the client's port. */
  async leadersSession(): Promise<{ pid: number; port: number } | null> {
    const { rows } = await this.query<{ pid: number; port: number }>(
      `select a.pid, a.client_port as port from pg_stat_activity a join pg_locks l using (pid)
       where a.application_name like 'fogdeck-scheduler%' and l.locktype = 'advisory' and l.granted and l.objsubid = 1`,
    )
    return rows[0] ?? null
  }

  /** Waits until a scheduler holds a lease, at most `limitMs`. */
  async untilLeased(limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs
    const inspect = async (client: pg.Client): Promise<void> => {
      while (performance.now() < endMs) {
        const { rowCount } = await client.query(`select 1 from evaluations where status = 'leased' limit 1`)
        if (rowCount) return
      }
    }
    // Without a database there is nothing to wait for.
    await this.connected(inspect).catch(() => undefined)
  }

  async endSession(pid: number): Promise<void> {
    await this.query('select pg_terminate_backend($1)', [pid])
  }

  async query<Row extends object>(
    text: string,
    values: unknown[] = [],
  ): Promise<pg.QueryResult<Row & pg.QueryResultRow>> {
    return this.connected((client) => client.query<Row & pg.QueryResultRow>(text, values))
  }

  /** Runs `work` in a snapshot: everything that it reads is from one moment. */
  async snapshot<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    return this.connected(async (client) => {
      await client.query('begin isolation level repeatable read read only')
      const result = await work(client)
      await client.query('commit')
      return result
    })
  }

  /**
   * Tries a statement that must be refused, and rolls it back in any case. @returns the SQLSTATE; null when the
   * statement succeeded, 'nothing' when there was no row to try it on.
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
    // The connection may break between two queries.
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await work(client)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openStore, transaction } from '@/server/db/client'
import { testDatabase } from '@/testing/database'

// An error event without a listener would end this process, and Vitest would report that.
test('a connection that breaks between two statements of a transaction fails the transaction, not the process', async () => {
  const database = await testDatabase()
  const store = openStore(database.url, { sealKey: Buffer.alloc(32).toString('base64') })
  const broken = transaction(store, async (tx) => {
    const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
    await store.pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    // Long enough for the error to arrive while no query is running.
    await sleep(200)
    await tx.query('select 1')
  })
  await expect(broken).rejects.toThrow(/terminat|not queryable|closed/i)
  const { rows } = await store.pool.query<{ one: number }>('select 1 as one')
  expect(rows).toEqual([{ one: 1 }])
  await store.close()
  await database.drop()
})

/** Seals values of older versions, which were not bound to a row, again for their rows, before anything reads them. */
import type { Store } from '@/server/db/client'
import { channelPlace, envPlace, isBound, sealMark } from '@/server/lib/seal'

interface SealedColumn {
  table: string
  column: string
  /** SQL for the columns that name a row, as text. */
  key: string
  placeOf: (key: string) => string
}

const columns: readonly SealedColumn[] = [
  { table: 'deployments', column: 'env_sealed', key: 'id::text', placeOf: envPlace },
  {
    table: 'deployment_revisions',
    column: 'env_sealed',
    key: `deployment_id::text || '/' || revision`,
    placeOf: (key) => envPlace(key.split('/')[0] ?? ''),
  },
  { table: 'notification_channels', column: 'url_sealed', key: 'id::text', placeOf: (id) => channelPlace(id, 'url') },
  {
    table: 'notification_channels',
    column: 'secret_sealed',
    key: 'id::text',
    placeOf: (id) => channelPlace(id, 'secret'),
  },
]

/** Rows read at once. */
const batch = 500

/** `unreadable`: sealed with another key; these stay as they are. */
export async function resealOldValues(store: Store): Promise<{ resealed: number; unreadable: number }> {
  const done = { resealed: 0, unreadable: 0 }
  for (const column of columns) await resealColumn(store, column, done)
  return done
}

async function resealColumn(
  { pool, sealer }: Store,
  { table, column, key, placeOf }: SealedColumn,
  done: { resealed: number; unreadable: number },
): Promise<void> {
  for (let after = ''; ; ) {
    const { rows } = await pool.query<{ key: string; sealed: Buffer }>(
      `select ${key} as key, ${column} as sealed from ${table}
       where substring(${column} for ${sealMark.length}) <> $1 and ${key} > $2 order by 1 limit ${batch}`,
      [sealMark, after],
    )
    for (const { key: name, sealed } of rows) {
      after = name
      const bytes = isBound(sealed) ? null : openedOrNull(() => sealer.openUnbound(sealed))
      if (bytes === null) {
        done.unreadable += 1
        continue
      }
      // Only if it is unchanged: what was written meanwhile is newer.
      await pool.query(`update ${table} set ${column} = $3 where ${key} = $1 and ${column} = $2`, [
        name,
        sealed,
        sealer.sealBytes(bytes, placeOf(name)),
      ])
      done.resealed += 1
    }
    if (rows.length < batch) return
  }
}

function openedOrNull(open: () => Buffer): Buffer | null {
  try {
    return open()
  } catch {
    return null
  }
}

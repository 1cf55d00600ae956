import { defaultSettings, type Settings } from '@/core/settings/settings'
import { type Store, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { type Author, audit } from './audit'

/** The current settings, with defaults for those that nobody set. */
export async function readSettings(store: Store): Promise<Settings> {
  const { rows } = await store.pool.query<{ key: string; value: unknown }>('select key, value from settings')
  return { ...defaultSettings, ...Object.fromEntries(rows.map((row) => [row.key, row.value])) } as Settings
}

export async function writeSettings(store: Store, author: Author, changes: Partial<Settings>): Promise<void> {
  const before = await readSettings(store)
  await transaction(store, async (tx) => {
    for (const [key, value] of Object.entries(changes)) {
      await tx.query(
        `insert into settings (key, value, updated_by, updated_at) values ($1, $2, $3, now())
         on conflict (key) do update set value = excluded.value, updated_by = excluded.updated_by, updated_at = now()`,
        [key, JSON.stringify(value), author.name],
      )
      await audit(tx, author, {
        action: 'setting.change',
        subjectType: 'setting',
        subjectId: key,
        before: { value: before[key as keyof Settings] },
        after: { value },
      })
    }
    await announce(tx, [{ topic: 'setting', ids: [] }])
  })
}

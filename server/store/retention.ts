import type { Store } from './context'

/** The smallest UUIDv7 of a moment: ids are in the order of time, so no index on times is needed. */
const smallestUuid = (at: Date): string => {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/**
 * Forgets decisions made before a moment, and the entries of the journal that no kept decision rests on: of each writer
 * everything before the last snapshot that the oldest kept decision needs.
 */
export async function pruneRecords(
  store: Store,
  { before }: { before: Date },
): Promise<{ decisions: number; entries: number }> {
  // An id is made a little after the moment that its decision is dated to; a batch has one date and goes as a whole.
  const decisions = await store.pool.query('delete from decisions where id < $1::uuid and created_at < $2', [
    smallestUuid(new Date(before.getTime() + 3_600_000)),
    before,
  ])
  const entries = await store.pool.query(
    `delete from fleet_journal j
     using (
       select w.writer, (select max(s.seq) from fleet_journal s where s.writer = w.writer and s.kind = 'snapshot' and s.seq <= w.oldest) as needed
       from (
         select e.writer, coalesce(min(d.journal_seq), max(e.seq)) as oldest
         from fleet_journal e left join decisions d on d.journal_seq = e.seq group by e.writer
       ) w
     ) keep
     where j.writer = keep.writer and j.seq < keep.needed`,
  )
  return { decisions: decisions.rowCount ?? 0, entries: entries.rowCount ?? 0 }
}

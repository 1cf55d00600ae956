import { type Store, transaction } from '@/server/db/client'
import { requireLeader } from './leadership'

/** The smallest UUIDv7 of a time: ids are ordered by time, so no index on times is needed. */
const smallestUuid = (at: Date): string => {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

/** Decisions deleted in one transaction; few enough not to hold up an election for long. */
const decisionsAtOnce = 5_000

/**
 * Forgets decisions made before a moment, and the entries of the journal that no kept decision rests on: of each writer
 * everything before the last snapshot that the oldest kept decision needs. Only in the leadership term `epoch`.
 */
export async function pruneRecords(
  store: Store,
  { epoch, before }: { epoch: bigint; before: Date },
): Promise<{ decisions: number; entries: number }> {
  let decisions = 0
  for (;;) {
    const gone = await forgetDecisions(store, { epoch, before })
    decisions += gone
    if (gone < decisionsAtOnce) return { decisions, entries: await forgetEntries(store, epoch) }
  }
}

/** An id is made a little after the time of its decision; a batch has one time and is deleted as a whole. */
const forgetDecisions = (store: Store, { epoch, before }: { epoch: bigint; before: Date }): Promise<number> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rowCount } = await tx.query(
      `delete from decisions where batch_id in (
         select batch_id from decisions where id < $1::uuid and created_at < $2 order by id limit $3)`,
      [smallestUuid(new Date(before.getTime() + 3_600_000)), before, decisionsAtOnce],
    )
    return rowCount ?? 0
  })

const forgetEntries = (store: Store, epoch: bigint): Promise<number> =>
  transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const { rowCount } = await tx.query(
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
    return rowCount ?? 0
  })

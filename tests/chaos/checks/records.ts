/** Compares decisions with their records, and the commits of schedulers with each other. */
import type pg from 'pg'
import { matchesRecord, replay } from '@/core/scheduler/replay'
import type { Store } from '@/server/db/client'
import { readDecision } from '@/server/store/decisions/decision-reads'
import { groupBy } from '@/tests/chaos/group'
import type { Ledger } from '@/tests/chaos/ledger'

/** Replays decisions that were not replayed yet, a limited number at a time, oldest first. */
export class Replays {
  private last = '00000000-0000-0000-0000-000000000000'

  /** @returns how many decisions were replayed. */
  async check(ledger: Ledger, store: Store, atOnce: number): Promise<number> {
    // Ids begin with their time. An earlier id may still be committed after one of the last moments.
    const { rows } = await store.pool.query<{ id: string }>(
      `select id from decisions where id > $1 and created_at < now() - interval '15 seconds' order by id limit $2`,
      [this.last, atOnce],
    )
    for (const { id } of rows) {
      await this.checkOne(ledger, store, id)
      this.last = id
    }
    return rows.length
  }

  private async checkOne(ledger: Ledger, store: Store, id: string): Promise<void> {
    const record = await readDecision(store, id)
    const again = replay(record)
    ledger.check('replay', matchesRecord(again, record), id, () => ({
      what: `Decision ${id} replays to another placement`,
      evidence: { record: { ...record, fleet: undefined }, chosen: again.chosen, refusal: again.refusal?.message },
    }))
    const { rows: placed } = await store.pool.query<{ id: string; score: number }>(
      'select node_id as id, score from deployment_replicas where decision_id = $1 order by slot',
      [id],
    )
    const chosen = record.outcome === 'placed' ? record.chosen.map(({ id: node, score }) => ({ id: node, score })) : []
    ledger.check('replay', JSON.stringify(placed) === JSON.stringify(chosen), `placed ${id}`, () => ({
      what: `What decision ${id} chose is not what was placed`,
      evidence: { chosen, placed },
    }))
  }
}

interface Commit {
  /** Sequence numbers are assigned in transactions that hold the leader's row, so they follow the order of terms. */
  seq: number
  writer: string
}

/** Terms that wrote again after a later one had written, by writer. */
export function mixedWriters(commits: Commit[]): string[] {
  const over = new Set<string>()
  const mixed = new Set<string>()
  let current: string | null = null
  for (const { writer } of [...commits].sort((a, b) => a.seq - b.seq)) {
    if (writer === current) continue
    if (over.has(writer)) mixed.add(writer)
    if (current !== null) over.add(current)
    current = writer
  }
  return [...mixed]
}

/** The first history row of each replica gives the order of commits, and its decision gives the term. */
export async function checkTerms(ledger: Ledger, client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ seq: string; writer: string }>(`
    select h.id as seq, j.writer from replica_status_history h
    join deployment_replicas r on r.id = h.replica_id join decisions d on d.id = r.decision_id
    join fleet_journal j on j.seq = d.journal_seq
    where h.old_status = 'none' order by h.id`)
  const commits = rows.map(({ seq, writer }) => ({ seq: Number(seq), writer }))
  const mixed = mixedWriters(commits)
  const terms = groupBy(commits, ({ writer }) => writer)
  for (const [writer, own] of terms)
    ledger.check('one leader', !mixed.includes(writer), writer, () => ({
      what: `The reign ${writer} placed replicas after a later one had begun to`,
      evidence: { first: own[0], last: own.at(-1), terms: terms.size },
    }))
}

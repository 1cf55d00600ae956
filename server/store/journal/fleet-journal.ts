import {
  type EarlierPlacement,
  fleetSeenFrom,
  type JournalEntry,
  type JournalState,
  rebuild,
  takenBy,
} from '@/core/journal'
import type { ChosenNode, Fleet, PlacementRequest } from '@/core/placement/types'
import type { Store } from '@/server/db/client'
import { decodeEntry, encodeEntry } from './codec'

/** An entry that is ready to be written. */
export interface PackedEntry {
  writer: string
  kind: JournalEntry['kind']
  data: Buffer
}

export const packEntry = async (writer: string, entry: JournalEntry): Promise<PackedEntry> => ({
  writer,
  kind: entry.kind,
  data: await encodeEntry(entry),
})

/** The state of the fleet after the entry `seq`: its writer's last snapshot before it and all differences since. */
async function stateAt(store: Store, seq: string): Promise<JournalState> {
  const { rows } = await store.pool.query<{ data: Buffer }>(
    `select e.data from fleet_journal last join fleet_journal e on e.writer = last.writer and e.seq <= last.seq
       and e.seq >= (select max(s.seq) from fleet_journal s where s.writer = last.writer and s.seq <= last.seq and s.kind = 'snapshot')
     where last.seq = $1 order by e.seq`,
    [seq],
  )
  if (rows.length === 0) throw new Error(`The fleet journal has no entry ${seq}: it is older than what is kept`)
  return rebuild(await Promise.all(rows.map(({ data }) => decodeEntry(data))))
}

/** The state that was rebuilt last: stepping through a history often stays between the same two decisions. */
const rebuiltLast = new WeakMap<Store, { seq: string; state: Promise<JournalState> }>()

/** Like `stateAt`, for callers that do not change it. */
function stateSeen(store: Store, seq: string): Promise<JournalState> {
  const last = rebuiltLast.get(store)
  if (last?.seq === seq) return last.state
  const state = stateAt(store, seq)
  rebuiltLast.set(store, { seq, state })
  state.catch(() => rebuiltLast.delete(store))
  return state
}

/** The fleet as last recorded before a given time, and when that was; null if no record is that old. */
export async function lastRecord(store: Store, before: Date): Promise<{ at: Date; state: JournalState } | null> {
  const { rows } = await store.pool.query<{ seq: string; at: Date }>(
    'select seq, at from fleet_journal where at <= $1 order by at desc, seq desc limit 1',
    [before],
  )
  const entry = rows[0]
  return entry ? { at: entry.at, state: await stateSeen(store, entry.seq) } : null
}

interface RecordedViewpoint {
  id: string
  journalSeq: string
  batchId: string
  batchOrder: number
  own: Record<string, number>
  request: PlacementRequest
  createdAt: Date
}

/** The fleet exactly as a recorded decision saw it. */
export async function fleetOfDecision(store: Store, decision: RecordedViewpoint): Promise<Fleet> {
  const [state, batch] = await Promise.all([
    stateAt(store, decision.journalSeq),
    store.pool.query<{ chosen: ChosenNode[]; request: PlacementRequest; name: string }>(
      `select c.chosen, c.request, d.name from decisions c join deployments d on d.id = c.deployment_id
       where c.batch_id = $1 and c.batch_order < $2 and c.outcome = 'placed' order by c.batch_order`,
      [decision.batchId, decision.batchOrder],
    ),
  ])
  const earlier = batch.rows.map(
    ({ chosen, request, name }): EarlierPlacement => ({
      nodeIds: chosen.map((node) => node.id),
      ...takenBy(request, name),
    }),
  )
  return fleetSeenFrom(state, {
    atMs: decision.createdAt.getTime(),
    earlier,
    own: new Map(Object.entries(decision.own)),
    handover: decision.request.handover ?? null,
  })
}

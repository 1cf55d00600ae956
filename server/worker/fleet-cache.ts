import { v7 as uuid } from 'uuid'
import type { FleetIndex } from '@/core/fleet-index'
import { difference, type JournalEntry, type JournalState } from '@/core/journal'
import {
  asFleetNode,
  IndexedWorkingFleet,
  indexOf,
  PlainWorkingFleet,
  usualIndexFrom,
  type WorkingFleet,
} from '@/core/plan/fleet-snapshot'
import type { Store } from '@/server/db/client'
import type { ChangeStream } from '@/server/db/notify'
import type { PackedEntry } from '@/server/store/journal/fleet-journal'
import { FleetMirror } from '@/server/store/scheduling/fleet-mirror'

/**
 * A full snapshot is written after this many deltas, or once the deltas exceed this multiple of the last snapshot's
 * size. So rebuilding a past fleet stays fast, and snapshots stay a small part of the journal. Up to `quickBytes` a
 * rebuild is always fast.
 */
const longestChain = { entries: 1_000, snapshots: 4, quickBytes: 65_536 }

/**
 * The fleet in the scheduler's memory. Before each batch it reads only the nodes that changed (FleetMirror). It also
 * keeps the index, and tracks which state the journal has, so that each batch writes only the difference.
 */
export class FleetView {
  /** Id of this view's sequence of journal entries. */
  readonly writer = uuid()
  /** This view's newest journal entry. */
  journalSeq: bigint | null = null
  readonly #mirror: FleetMirror
  #journaled: JournalState | null = null
  /** Size of the journal since the last snapshot, and of that snapshot. */
  #chain = { entries: 0, bytes: 0, snapshotBytes: 0 }
  /** Indices of nodes that changed since the last journal entry. */
  #unwritten = new Set<number>()
  readonly #indexFrom: number
  #index: FleetIndex | null = null
  /** Nodes that the last batch changed in the index, committed or not; reset before the next batch. */
  #ahead: ReadonlySet<string> = new Set()

  constructor(store: Store, changes: ChangeStream, { indexFrom = usualIndexFrom }: { indexFrom?: number } = {}) {
    this.#indexFrom = indexFrom
    this.#mirror = new FleetMirror(store, changes, {
      put: (node, place) => {
        this.#unwritten.add(place)
        this.#index?.put(asFleetNode(node))
      },
      removed: (node, place) => {
        this.#unwritten.add(place)
        this.#index?.remove(node.id)
      },
      latencies: (latencies) => this.#index?.setLatencies(latencies),
    })
  }

  /** Marks nodes that this process changed, without waiting for the notification. */
  changed(ids: readonly string[]): void {
    this.#mirror.changed(ids)
  }

  /** Discards the cached state: the next refresh reads everything. */
  invalidate(): void {
    this.#mirror.invalidate()
  }

  /** Reads what changed and returns the current fleet. Later refreshes don't change the returned object. */
  async refresh(nowMs: number): Promise<JournalState> {
    this.#putRight()
    return this.#mirror.refresh(nowMs)
  }

  /** Resets the nodes that the last batch changed in the index: committed changes come from the database. */
  #putRight(): void {
    for (const id of this.#ahead) {
      const node = this.#mirror.node(id)
      if (node) this.#index?.put(asFleetNode(node))
    }
    this.#ahead = new Set()
  }

  /** The fleet of the last refresh, for deciding one batch. */
  working(at: Date): WorkingFleet {
    this.#putRight()
    const { state } = this.#mirror
    if (this.#mirror.size < this.#indexFrom) {
      this.#index = null
      return new PlainWorkingFleet(state, at)
    }
    this.#index ??= indexOf(state)
    const fleet = new IndexedWorkingFleet(this.#index, at)
    this.#ahead = fleet.touched
    return fleet
  }

  /** The journal entry that the current state needs; null when the journal is up to date. */
  unwritten(): JournalEntry | null {
    const { entries, bytes, snapshotBytes } = this.#chain
    const isLong =
      entries >= longestChain.entries ||
      bytes > Math.max(longestChain.quickBytes, longestChain.snapshots * snapshotBytes)
    if (this.#journaled === null || isLong) return { kind: 'snapshot', ...this.#mirror.state }
    return difference(this.#journaled, this.#mirror.state, this.#unwritten)
  }

  /** Records that `state` was committed, with the entry from `unwritten`, or without one when nothing was decided. */
  written({
    state,
    entry,
    journalSeq,
  }: {
    state: JournalState
    entry: Pick<PackedEntry, 'kind' | 'data'> | null
    journalSeq: bigint | null
  }): void {
    if (entry === null || journalSeq === this.journalSeq) return
    this.journalSeq = journalSeq
    const { length } = entry.data
    if (entry.kind === 'snapshot') this.#chain = { entries: 0, bytes: 0, snapshotBytes: length }
    else this.#chain = { ...this.#chain, entries: this.#chain.entries + 1, bytes: this.#chain.bytes + length }
    this.#journaled = state
    this.#unwritten = new Set()
  }

  close(): void {
    this.#mirror.close()
  }
}

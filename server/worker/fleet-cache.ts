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
 * A full snapshot after this many differences, or when they have grown to this many times the size of the last one: so
 * rebuilding a past fleet stays quick, and snapshots stay a small part of the journal. Few bytes are always quick.
 */
const longestChain = { entries: 1_000, snapshots: 4, quickBytes: 65_536 }

/**
 * The fleet in the scheduler's memory: before each batch only the nodes that changed are read (FleetMirror). It also
 * keeps the index, and knows what of the fleet the journal has, so that each batch writes just the difference.
 */
export class FleetView {
  /** Under this name its entries follow each other in the journal. */
  readonly writer = uuid()
  /** The newest entry of the journal that is its own. */
  journalSeq: bigint | null = null
  readonly #mirror: FleetMirror
  #journaled: JournalState | null = null
  /** Of the journal, since and with the last snapshot. */
  #chain = { entries: 0, bytes: 0, snapshotBytes: 0 }
  /** Places that changed since the journal was written. */
  #unwritten = new Set<number>()
  readonly #indexFrom: number
  #index: FleetIndex | null = null
  /** What the last batch placed in the index, committed or not: put right before the next one. */
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

  /** These nodes were changed by ourselves: their announcement need not be waited for. */
  changed(ids: readonly string[]): void {
    this.#mirror.changed(ids)
  }

  /** What it knows may be wrong: the next refresh reads everything. */
  invalidate(): void {
    this.#mirror.invalidate()
  }

  /** Reads what changed and hands back the fleet as it is now. The result is not changed by later refreshes. */
  async refresh(nowMs: number): Promise<JournalState> {
    this.#putRight()
    return this.#mirror.refresh(nowMs)
  }

  /** Takes back what the last batch placed in the index: what was committed comes from the database. */
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

  /** What the journal lacks of the present state; null when it has all of it. */
  unwritten(): JournalEntry | null {
    const { entries, bytes, snapshotBytes } = this.#chain
    const isLong =
      entries >= longestChain.entries ||
      bytes > Math.max(longestChain.quickBytes, longestChain.snapshots * snapshotBytes)
    if (this.#journaled === null || isLong) return { kind: 'snapshot', ...this.#mirror.state }
    return difference(this.#journaled, this.#mirror.state, this.#unwritten)
  }

  /** `state` was committed with what `unwritten` gave for it, packed, or without it when nothing was decided. */
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

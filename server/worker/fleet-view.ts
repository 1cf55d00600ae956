import { v7 as uuid } from 'uuid'
import { difference, type JournalEntry, type JournalNode, type JournalState } from '../domain/fleet-journal'
import type { FleetNode } from '../domain/placement'
import { FleetIndex } from '../scheduler/index/fleet-index'
import type { ChangeFeed } from '../store/changes'
import type { Store } from '../store/context'
import { loadFleet, loadLatencies, loadNodes } from '../store/fleet'
import { IndexedWorkingFleet, PlainWorkingFleet, type WorkingFleet } from './working-fleet'

/** A full snapshot after this many differences, so that rebuilding a past fleet stays quick. */
const entriesPerSnapshot = 200
/** From this many nodes on the index decides; below, looking at every node is as quick. */
const usualIndexFrom = 500
/** Measured latencies change rarely and by hand: they are read again this often, in milliseconds. */
const latenciesEveryMs = 10_000

/** As the index takes it: its age and the deployment's own replicas belong to a request. */
const asFleetNode = ({ lastHeartbeatMs: _, ...node }: JournalNode): FleetNode => ({
  ...node,
  heartbeatAgeMs: null,
  ownReplicas: 0,
})

/**
 * The fleet in the scheduler's memory, kept current by announcements: before each batch only the nodes that changed are
 * read. It also knows what of it the journal has, so that each batch writes just the difference.
 */
export class FleetView {
  /** Under this name its entries follow each other in the journal. */
  readonly writer = uuid()
  /** The newest entry of the journal that is its own. */
  journalSeq: bigint | null = null
  readonly #store: Store
  readonly #unsubscribe: () => void
  readonly #places = new Map<string, number>()
  #state: JournalState = { nodes: [], latencies: [] }
  #journaled: JournalState | null = null
  #entriesSinceSnapshot = 0
  /** Nodes that changed since they were read; null is all of them. */
  #dirty: Set<string> | null = null
  /** Places that changed since the journal was written. */
  #unwritten = new Set<number>()
  #latenciesReadMs = 0
  readonly #indexFrom: number
  #index: FleetIndex | null = null
  /** What the last batch placed in the index, committed or not: put right with the next refresh. */
  #ahead: ReadonlySet<string> = new Set()

  constructor(store: Store, changes: ChangeFeed, { indexFrom = usualIndexFrom }: { indexFrom?: number } = {}) {
    this.#store = store
    this.#indexFrom = indexFrom
    this.#unsubscribe = changes.subscribe(({ topic, ids }) => {
      if (topic === 'node') this.#mark(ids)
    })
  }

  #mark(ids: readonly string[]): void {
    if (ids.length === 0) this.#dirty = null
    else for (const id of ids) this.#dirty?.add(id)
  }

  /** These nodes were changed by ourselves: their announcement need not be waited for. */
  changed(ids: readonly string[]): void {
    if (ids.length > 0) this.#mark(ids)
  }

  /** What it knows may be wrong: the next refresh reads everything. */
  distrust(): void {
    this.#dirty = null
  }

  /** Reads what changed and hands back the fleet as it is now. The result is not changed by later refreshes. */
  async refresh(nowMs: number): Promise<JournalState> {
    const dirty = this.#dirty
    this.#dirty = new Set()
    this.#putRight()
    try {
      if (dirty === null) await this.#readAll()
      else if (dirty.size > 0) this.#put(await loadNodes(this.#store, [...dirty]))
      if (nowMs - this.#latenciesReadMs > latenciesEveryMs) {
        this.#setLatencies(await loadLatencies(this.#store))
        this.#latenciesReadMs = nowMs
      }
    } catch (error) {
      this.#dirty = null
      throw error
    }
    return this.#state
  }

  async #readAll(): Promise<void> {
    const { nodes, latencies } = await loadFleet(this.#store)
    const present = new Set(nodes.map((node) => node?.id))
    const kept = this.#state.nodes.map((node, place) => {
      if (node === null || present.has(node.id)) return node
      this.#unwritten.add(place)
      this.#places.delete(node.id)
      this.#index?.remove(node.id)
      return null
    })
    this.#state = { ...this.#state, nodes: kept }
    this.#setLatencies(latencies)
    this.#put(nodes.filter((node) => node !== null))
  }

  #put(nodes: JournalNode[]): void {
    const list = [...this.#state.nodes]
    for (const node of nodes) {
      const place = this.#places.get(node.id) ?? list.length
      this.#places.set(node.id, place)
      list[place] = node
      this.#unwritten.add(place)
      this.#index?.put(asFleetNode(node))
    }
    this.#state = { ...this.#state, nodes: list }
  }

  #setLatencies(latencies: JournalState['latencies']): void {
    if (JSON.stringify(latencies) === JSON.stringify(this.#state.latencies)) return
    this.#state = { ...this.#state, latencies }
    this.#index?.setLatencies(latencies)
  }

  /** Takes back what the last batch placed in the index: what was committed comes from the database. */
  #putRight(): void {
    for (const id of this.#ahead) {
      const node = this.#state.nodes[this.#places.get(id) ?? -1]
      if (node) this.#index?.put(asFleetNode(node))
    }
    this.#ahead = new Set()
  }

  /** The fleet of the last refresh, for deciding one batch. */
  working(at: Date): WorkingFleet {
    if (this.#places.size < this.#indexFrom) {
      this.#index = null
      return new PlainWorkingFleet(this.#state, at)
    }
    this.#index ??= new FleetIndex({
      nodes: this.#state.nodes.filter((node) => node !== null).map(asFleetNode),
      latencies: this.#state.latencies,
    })
    const fleet = new IndexedWorkingFleet(this.#index, at)
    this.#ahead = fleet.touched
    return fleet
  }

  /** What the journal lacks of the present state; null when it has all of it. */
  unwritten(): JournalEntry | null {
    if (this.#journaled === null || this.#entriesSinceSnapshot >= entriesPerSnapshot)
      return { kind: 'snapshot', ...this.#state }
    return difference(this.#journaled, this.#state, this.#unwritten)
  }

  /** `state` was committed with the `entry` that `unwritten` gave for it, or without one when nothing was decided. */
  written({
    state,
    entry,
    journalSeq,
  }: {
    state: JournalState
    entry: JournalEntry | null
    journalSeq: bigint | null
  }): void {
    if (entry === null || journalSeq === this.journalSeq) return
    this.journalSeq = journalSeq
    this.#entriesSinceSnapshot = entry.kind === 'snapshot' ? 0 : this.#entriesSinceSnapshot + 1
    this.#journaled = state
    this.#unwritten = new Set()
  }

  close(): void {
    this.#unsubscribe()
  }
}

import type { JournalNode, JournalState } from '@/core/journal'
import type { Store } from '@/server/db/client'
import type { ChangeStream } from '@/server/db/notify'
import { loadFleet, loadLatencies, loadNodes } from './fleet'

/** How often measured latencies are read again, in milliseconds; they change rarely and by hand. */
const latenciesEveryMs = 10_000

/** Called for each change while it is applied, also for those from before a failed read. */
interface MirrorListener {
  /** A node that is new or changed. Its position never changes. */
  put(node: JournalNode, place: number): void
  removed(node: JournalNode, place: number): void
  latencies(latencies: JournalState['latencies']): void
}

/** The fleet in memory, kept current by announcements: only the nodes that changed are read again. */
export class FleetMirror {
  readonly #store: Store
  readonly #listener: MirrorListener | null
  readonly #unsubscribe: () => void
  readonly #places = new Map<string, number>()
  #state: JournalState = { nodes: [], latencies: [] }
  /** Nodes that changed since they were read; null means all. */
  #dirty: Set<string> | null = null
  #latenciesReadMs = 0

  constructor(store: Store, changes: ChangeStream, listener: MirrorListener | null = null) {
    this.#store = store
    this.#listener = listener
    this.#unsubscribe = changes.subscribe(({ topic, ids }) => {
      if (topic === 'node') this.#mark(ids)
    })
  }

  #mark(ids: readonly string[]): void {
    if (ids.length === 0) this.#dirty = null
    else for (const id of ids) this.#dirty?.add(id)
  }

  /** Marks nodes that this process changed itself, so that it need not wait for their announcement. */
  changed(ids: readonly string[]): void {
    if (ids.length > 0) this.#mark(ids)
  }

  /** Makes the next refresh read everything, because the mirror may be wrong. */
  invalidate(): void {
    this.#dirty = null
  }

  /** The number of nodes in the mirror. */
  get size(): number {
    return this.#places.size
  }

  /** As of the last refresh. */
  get state(): JournalState {
    return this.#state
  }

  node(id: string): JournalNode | null {
    return this.#state.nodes[this.#places.get(id) ?? -1] ?? null
  }

  /**
   * Reads what changed and hands back the fleet as it is now. The result is not changed by later refreshes. One at a
   * time: the next may be asked for when this one is over.
   */
  async refresh(nowMs: number): Promise<JournalState> {
    const dirty = this.#dirty
    this.#dirty = new Set()
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
      this.#places.delete(node.id)
      this.#listener?.removed(node, place)
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
      this.#listener?.put(node, place)
    }
    this.#state = { ...this.#state, nodes: list }
  }

  #setLatencies(latencies: JournalState['latencies']): void {
    if (JSON.stringify(latencies) === JSON.stringify(this.#state.latencies)) return
    this.#state = { ...this.#state, latencies }
    this.#listener?.latencies(latencies)
  }

  close(): void {
    this.#unsubscribe()
  }
}

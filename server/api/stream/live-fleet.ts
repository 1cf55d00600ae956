import type { JournalState } from '@/core/journal'
import type { Store } from '@/server/db/client'
import type { ChangeStream } from '@/server/db/notify'
import type { Clock } from '@/server/lib/clock'
import { FleetMirror } from '@/server/store/scheduling/fleet-mirror'

/** How often changes are read in advance while previews are used, so that a preview has little left to read. */
const warmEveryMs = 250
/** Reading in advance stops after this long without a preview. */
const warmForMs = 30_000

interface Parts {
  store: Store
  changes: ChangeStream
  clock: Clock
}

/** The fleet in the web process, for previews; not loaded before the first one. */
export class LiveFleet {
  readonly #mirror: FleetMirror
  readonly #clock: Clock
  readonly #keepsWarm: boolean
  #reading: Promise<JournalState> | null = null
  #next: Promise<JournalState> | null = null
  #askedMs = 0
  #timer: NodeJS.Timeout | undefined

  constructor({ store, changes, clock }: Parts, { keepsWarm = true }: { keepsWarm?: boolean } = {}) {
    this.#mirror = new FleetMirror(store, changes)
    this.#clock = clock
    this.#keepsWarm = keepsWarm
  }

  /** The current fleet, including every change that was announced before the call. */
  current(): Promise<JournalState> {
    this.#askedMs = this.#clock.now().getTime()
    if (this.#keepsWarm) this.#timer ??= setInterval(() => this.#warm(), warmEveryMs).unref()
    if (this.#reading === null) return this.#read()
    // The running read may have begun before the latest change, so all callers meanwhile share the next one.
    this.#next ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = null
        return this.#read()
      })
    return this.#next
  }

  /** Discards the cached state: the next call reads everything. */
  invalidate(): void {
    this.#mirror.invalidate()
  }

  #read(): Promise<JournalState> {
    const reading = this.#mirror.refresh(this.#clock.now().getTime()).finally(() => {
      this.#reading = null
    })
    this.#reading = reading
    return reading
  }

  #warm(): void {
    if (this.#clock.now().getTime() - this.#askedMs > warmForMs) this.#rest()
    // The next caller will get the error.
    else if (this.#reading === null) this.#read().catch(() => undefined)
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  close(): void {
    this.#rest()
    this.#mirror.close()
  }
}

import type { JournalState } from '@/core/journal'
import type { Store } from '@/server/db/client'
import type { ChangeStream } from '@/server/db/notify'
import type { Clock } from '@/server/lib/clock'
import { FleetMirror } from '@/server/store/scheduling/fleet-mirror'

/** While somebody asks, what changed is read this often, so that a preview finds little left to read. */
const warmEveryMs = 250
/** Nobody asked for so long: the reading stops until somebody does. */
const warmForMs = 30_000

interface Parts {
  store: Store
  changes: ChangeStream
  clock: Clock
}

/** The fleet in the web process, for previews: nothing of it is read before the first one. */
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

  /** As it is now: with everything that was announced before the call. */
  current(): Promise<JournalState> {
    this.#askedMs = this.#clock.now().getTime()
    if (this.#keepsWarm) this.#timer ??= setInterval(() => this.#warm(), warmEveryMs).unref()
    if (this.#reading === null) return this.#read()
    // The read that is under way may have begun before the latest change; all who wait share the one after it.
    this.#next ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = null
        return this.#read()
      })
    return this.#next
  }

  /** What it knows may be wrong: everything is read again when somebody asks. */
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
    // Whoever asks next is told what is wrong.
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

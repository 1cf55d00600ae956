/**
 * The client's own log of what it asked and what was answered: on the disk before anything else is done with an answer.
 * In memory it is what the control plane has promised so far.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'

/** One deployment as the client knows it. */
export interface Entry {
  name: string
  /** The idempotency key of its deploy call. */
  key: string
  image: string
  waits: boolean
  /** Null until a 202 was seen. */
  id: string | null
  /** The number of replicas that was acknowledged last. */
  replicas: number
  deleted: boolean
  /** A call on it is under way, so what it is like at this moment is not known. */
  busy: boolean
  /** Raised with every call: who compares two looks sees whether anything was asked in between. */
  revision: number
}

export type Call = 'deploy' | 'scale' | 'update' | 'delete'

interface Answer {
  at: string
  call: Call
  name: string
  key: string | null
  status: number
  body: unknown
}

export class CallLog {
  readonly entries: Entry[] = []
  /** Calls that were acknowledged. */
  readonly acknowledged: Record<Call, number> = { deploy: 0, scale: 0, update: 0, delete: 0 }
  /** Ids that were answered for each key. */
  readonly idsOfKey = new Map<string, Set<string>>()
  private readonly byName = new Map<string, Entry>()
  private readonly file: number

  constructor(path: string) {
    this.file = openSync(path, 'a')
  }

  add(entry: Pick<Entry, 'name' | 'key' | 'image' | 'waits' | 'replicas'>): Entry {
    const full: Entry = { ...entry, id: null, deleted: false, busy: false, revision: 0 }
    this.entries.push(full)
    this.byName.set(full.name, full)
    return full
  }

  /** Written down for good before it returns. */
  record(answer: Answer): void {
    writeSync(this.file, `${JSON.stringify(answer)}\n`)
    fdatasyncSync(this.file)
  }

  /** A call went through; one that was answered twice counts once. */
  acknowledge(call: Call): void {
    this.acknowledged[call] += 1
  }

  deployed(entry: Entry, id: string): void {
    if (entry.id === null) this.acknowledge('deploy')
    entry.id ??= id
    const ids = this.idsOfKey.get(entry.key) ?? new Set()
    this.idsOfKey.set(entry.key, ids.add(id))
  }

  /** Those of which it is known at this moment what was promised, as they are now. */
  settled(): Entry[] {
    return this.entries.filter((entry) => !entry.busy && entry.id !== null).map((entry) => ({ ...entry }))
  }

  /** Whether nothing was asked since that look. */
  isUnchanged({ name, revision }: Entry): boolean {
    const now = this.byName.get(name)
    return now !== undefined && !now.busy && now.revision === revision
  }

  close(): void {
    closeSync(this.file)
  }
}

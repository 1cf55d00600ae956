/**
 * The client's own log of calls and answers. Each answer is on disk before anything else is done with it. In memory the
 * log holds what the control plane has promised so far.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'

/** One deployment as the client knows it. */
export interface Entry {
  name: string
  /** The idempotency key of its deploy call. */
  key: string
  image: string
  waits: boolean
  /** Null until a 202 was received. */
  id: string | null
  /** The number of replicas that was acknowledged last. */
  replicas: number
  deleted: boolean
  /** A call on the deployment is under way, so its state is unknown at the moment. */
  busy: boolean
  /** Incremented with every call, so that two readings tell whether anything was asked in between. */
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

  /** Returns once the answer is on disk. */
  record(answer: Answer): void {
    writeSync(this.file, `${JSON.stringify(answer)}\n`)
    fdatasyncSync(this.file)
  }

  /** Counts a call as successful; a repeated call counts once. */
  acknowledge(call: Call): void {
    this.acknowledged[call] += 1
  }

  deployed(entry: Entry, id: string): void {
    if (entry.id === null) this.acknowledge('deploy')
    entry.id ??= id
    const ids = this.idsOfKey.get(entry.key) ?? new Set()
    this.idsOfKey.set(entry.key, ids.add(id))
  }

  /** Copies of the entries whose promised state is known at the moment. */
  settled(): Entry[] {
    return this.entries.filter((entry) => !entry.busy && entry.id !== null).map((entry) => ({ ...entry }))
  }

  /** Whether no call was made since this copy. */
  isUnchanged({ name, revision }: Entry): boolean {
    const now = this.byName.get(name)
    return now !== undefined && !now.busy && now.revision === revision
  }

  close(): void {
    closeSync(this.file)
  }
}

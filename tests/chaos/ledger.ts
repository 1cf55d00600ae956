/** What was checked, how often, and which violations were found. */

/** Each check with the statement about the product that it verifies. */
export const checks = {
  accepted: 'a deployment that was answered 202 exists, as acknowledged last (invariant 1)',
  capacity: 'reservations are the sum of the replicas that hold them, and within the capacity (2)',
  reserved: 'a container holds its reservation until it is gone (2)',
  refusals: 'the database refuses to over-reserve a node or to fill a slot twice, whoever asks (2, 3)',
  holders: 'there are never more live replicas than desired, and never two of one slot (3)',
  'one leader': 'no scheduler commits anything after a later one has committed (2, 3)',
  history: 'statuses change along the transition table, each with a history row and without gaps (4)',
  replay: 'a decision replays to its record, and the record is what was placed (5)',
  'seen running': 'a running replica has a container that was seen running (6)',
  containers: 'no slot and generation has two containers; at the end exactly the desired ones exist (7, 8)',
  'cut off': 'a node that is cut off keeps its containers running (8)',
  secrets: 'environments, passwords and tokens appear nowhere in the clear (9)',
  identity: 'one agent at a time speaks for a node; a copy is refused and named, and the first one continues (10)',
  slowness: 'a node goes offline, and a replica is lost or failed, only if a fault explains it (11)',
  content: 'all containers of one revision run the same image (12)',
  idempotency: 'calls with one idempotency key create one deployment and get one answer',
  contract: 'every definite answer follows the contract, and REST agrees with the tables',
  'stays up': 'no program ends unless it was killed',
  settled: 'everything is in a truthful state within 60 s after the last fault',
} as const
export type CheckName = keyof typeof checks

export interface Violation {
  check: CheckName
  what: string
  evidence: unknown
  firstAt: string
  times: number
}

interface Finding {
  what: string
  evidence: unknown
}

/** Further violations of one check are counted, but not kept. */
const keptPerCheck = 50

export class Ledger {
  readonly counts = new Map<CheckName, number>()
  private readonly found = new Map<string, Violation>()

  constructor(private readonly onViolation: (violation: Violation) => void) {}

  get violations(): Violation[] {
    return [...this.found.values()]
  }

  /** Counts one check. When `holds` is false, records the finding once per `key`. */
  check(name: CheckName, holds: boolean, key: string, finding: () => Finding): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
    if (holds) return
    const id = `${name} ${key}`
    const known = this.found.get(id)
    if (known) {
      known.times += 1
      return
    }
    if (this.violations.filter(({ check }) => check === name).length >= keptPerCheck) return
    const violation = { check: name, ...finding(), firstAt: new Date().toISOString(), times: 1 }
    this.found.set(id, violation)
    this.onViolation(violation)
  }
}

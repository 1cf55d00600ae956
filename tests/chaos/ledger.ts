/** What was checked, how often, and what was found broken. */

/** Each check with the promise that it holds the product to. */
export const checks = {
  accepted: 'what was answered 202 exists, and is as was acknowledged last (invariant 1)',
  capacity: 'reservations are the sum of the replicas that hold them, and within the capacity (2)',
  reserved: 'a container holds its reservation until it is gone (2)',
  refusals: 'the database refuses to over-reserve a node or to double a slot, whoever asks (2, 3)',
  holders: 'never more live replicas than wanted, never two of one slot (3)',
  'one leader': 'what one scheduler commits never mixes with what an earlier one commits (2, 3)',
  history: 'statuses change along the table, each with its history row, without a gap (4)',
  replay: 'a decision replays to what was recorded, and what was recorded is what was placed (5)',
  'seen running': 'who is running has a container that was seen running (6)',
  containers: 'never two containers of one slot and generation; once quiet, exactly those that are wanted (7, 8)',
  'cut off': 'a node that is cut off keeps its containers running (8)',
  secrets: 'environments, passwords and tokens are nowhere in the clear (9)',
  identity: 'one agent at a time speaks for a node; a copy of it is refused and named, and the first goes on (10)',
  slowness: 'no node is taken for offline and no replica given up but for what was really done to it (11)',
  content: 'all containers of one revision run the same image (12)',
  idempotency: 'one key, one deployment, one answer',
  contract: 'every definite answer is one that the contract gives, and REST says what the tables say',
  'stays up': 'no program ends that nobody killed',
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

/** More of one check are counted, not kept. */
const keptPerCheck = 50

export class Ledger {
  readonly counts = new Map<CheckName, number>()
  private readonly found = new Map<string, Violation>()

  constructor(private readonly onViolation: (violation: Violation) => void) {}

  get violations(): Violation[] {
    return [...this.found.values()]
  }

  /** Counts one check; when it does not hold, notes the finding, once per `key`. */
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

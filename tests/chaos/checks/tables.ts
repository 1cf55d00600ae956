/** What must hold of the tables at every moment. */
import { canTransition, deploymentTransitions, isLive, replicaTransitions } from '@/core/deployments/status'
import type { Entry } from '@/tests/chaos/book'
import { groupBy } from '@/tests/chaos/group'
import type { Ledger } from '@/tests/chaos/ledger'
import type { HistoryRow, ReplicaRow, Snapshot } from '@/tests/chaos/snapshot'

const kinds = ['cpu millis', 'MiB of memory', 'GiB of storage', 'GPU units']

export function checkCapacity(ledger: Ledger, { nodes }: Snapshot): void {
  for (const node of nodes)
    for (const [index, kind] of kinds.entries()) {
      const [reserved = 0, held = 0, capacity = 0] = [node.reserved[index], node.held[index], node.capacity[index]]
      ledger.check('capacity', reserved === held && held <= capacity, `${node.node_id} ${kind}`, () => ({
        what: `${node.node_id} has reserved ${reserved} ${kind}; its replicas hold ${held}, its capacity is ${capacity}`,
        evidence: node,
      }))
    }
}

/** A replica that is starting or running and is to run. */
export const isLiveHolder = ({
  reserved,
  wanted,
  status,
}: Pick<ReplicaRow, 'reserved' | 'wanted' | 'status'>): boolean => reserved && wanted === 'run' && isLive(status)

/** An update runs one replica beside the one that it replaces, in the same slot and of another revision. */
const mostUpdating = 1

/** Live replicas beyond one per slot: those of updates, and those that must not exist. */
function surplus(holders: ReplicaRow[]): { updating: number; doubled: number } {
  let [updating, doubled] = [0, 0]
  for (const group of groupBy(holders, ({ slot }) => slot).values()) {
    const isUpdate = group.length === 2 && group[0]?.revision !== group[1]?.revision
    if (isUpdate) updating += 1
    else doubled += group.length - 1
  }
  return { updating, doubled }
}

export function checkHolders(ledger: Ledger, { deployments, replicas }: Snapshot): void {
  const live = groupBy(replicas.filter(isLiveHolder), (replica) => replica.deployment_id)
  for (const { id, name, status, target_replicas: target } of deployments) {
    const holders = live.get(id) ?? []
    const { updating, doubled } = surplus(holders)
    ledger.check('holders', doubled === 0 && updating <= mostUpdating, `slot ${id}`, () => ({
      what: `${name} has more live replicas in its slots than an update explains`,
      evidence: holders,
    }))
    // While an evaluation is queued, surplus replicas may not have been told to stop yet.
    const most = status === 'pending' ? Number.POSITIVE_INFINITY : status === 'deleted' ? 0 : target + updating
    ledger.check('holders', holders.length <= most, `count ${id}`, () => ({
      what: `${name} is ${status} with ${holders.length} live replicas of ${most}`,
      evidence: holders,
    }))
  }
}

export function checkAccepted(ledger: Ledger, { deployments }: Snapshot, known: Entry[]): void {
  const rows = new Map(deployments.map((row) => [row.id, row]))
  for (const entry of known) {
    const row = entry.id === null ? undefined : rows.get(entry.id)
    const isAsPromised =
      row !== undefined &&
      row.name === entry.name &&
      row.resources === 1 &&
      (entry.deleted ? row.status === 'deleted' : row.status !== 'deleted' && row.target_replicas === entry.replicas)
    ledger.check('accepted', isAsPromised, entry.name, () => ({
      what: row
        ? `${entry.name} is not as it was acknowledged last`
        : `${entry.name} was answered 202 and does not exist`,
      evidence: { acknowledged: entry, row },
    }))
  }
}

/** Deployments have unique names, so a name stands for an idempotency key. */
export function checkIdempotency(ledger: Ledger, { deployments }: Snapshot, idsOfKey: Map<string, Set<string>>): void {
  for (const [name, rows] of groupBy(deployments, (row) => row.name))
    ledger.check('idempotency', rows.length === 1, name, () => ({
      what: `The key of ${name} made ${rows.length} deployments`,
      evidence: rows,
    }))
  for (const [key, ids] of idsOfKey)
    ledger.check('idempotency', ids.size === 1, key, () => ({
      what: `${key} was answered with ${ids.size} deployments`,
      evidence: [...ids],
    }))
}

interface Chain {
  of: 'deployment' | 'replica'
  rows: HistoryRow[]
  /** The status in the row of the deployment or replica; undefined when there is no row. */
  status: string | undefined
}

/** What is wrong with the history of one deployment or replica, as a sentence; null when it is consistent. */
export function chainProblem({ of, rows, status }: Chain): string | null {
  const table: Record<string, readonly string[]> = of === 'deployment' ? deploymentTransitions : replicaTransitions
  let before = 'none'
  for (const { old_status: from, new_status: to } of rows) {
    if (from !== before) return `a step from ${from} to ${to} follows ${before}`
    const isFirst = from === 'none' && to === 'pending'
    // Replicas also record steps within a status.
    const isStep = of === 'replica' && from === to
    if (!isFirst && !isStep && !(from in table && canTransition(table, from, to)))
      return `there is no way from ${from} to ${to}`
    before = to
  }
  if (status === undefined) return 'its subject does not exist'
  return before === status ? null : `it ends with ${before}, and the row says ${status}`
}

export function checkHistory(
  ledger: Ledger,
  of: 'deployment' | 'replica',
  { rows, statuses }: { rows: HistoryRow[]; statuses: Map<string, string> },
): void {
  const chains = groupBy(rows, (row) => row.subject)
  for (const id of new Set([...chains.keys(), ...statuses.keys()])) {
    const chain = chains.get(id) ?? []
    const problem = chainProblem({ of, rows: chain, status: statuses.get(id) })
    const isReported = chain.every(({ changed_by, reason }) => changed_by !== '' && reason !== '')
    ledger.check('history', problem === null && isReported, `${of} ${id}`, () => ({
      what: `The history of ${of} ${id} is not whole: ${problem ?? 'a row does not say who or why'}`,
      evidence: { status: statuses.get(id), chain },
    }))
  }
}

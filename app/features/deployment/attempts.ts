import { isLive } from '@/core/deployments/status'
import type { DeploymentDetail, ReplicaView } from '@/core/views/deployments'

/**
 * Splits attempts into current and ended ones. Current are all attempts that still exist, and the newest attempt of
 * each desired slot, however it ended; unless that one belongs to another revision and the slot is filled.
 */
export function splitAttempts({
  replicas,
  targetReplicas,
  revision,
}: Pick<DeploymentDetail, 'replicas' | 'targetReplicas' | 'revision'>): {
  current: ReplicaView[]
  ended: ReplicaView[]
} {
  const isThere = ({ status, reserved }: ReplicaView): boolean => reserved || isLive(status)
  const filled = new Set(replicas.filter(isThere).map(({ slot }) => slot))
  const newest = new Map<number, number>()
  for (const { slot, generation } of replicas) newest.set(slot, Math.max(newest.get(slot) ?? 0, generation))
  const isCurrent = (replica: ReplicaView): boolean => {
    const { slot, generation } = replica
    if (isThere(replica)) return true
    if (slot >= targetReplicas || newest.get(slot) !== generation) return false
    return replica.revision === revision || !filled.has(slot)
  }
  return { current: replicas.filter(isCurrent), ended: replicas.filter((replica) => !isCurrent(replica)) }
}

/** Why an attempt at a slot was created, and how many attempts in a row it took. */
interface Origin {
  /** "updated to revision 2", "moved from node-03"; null for the first attempt of its slot. */
  text: string | null
  /** 1 plus the number of failures directly before this attempt. */
  attempt: number
}

type Attempt = Pick<ReplicaView, 'slot' | 'generation' | 'revision' | 'status'> & { node: { nodeId: string } }

/** Derives why a replica was created from the earlier attempts at its slot. `replicas` are all known attempts. */
export function originOf(replica: Attempt, replicas: readonly Attempt[]): Origin {
  const before = replicas
    .filter(({ slot, generation }) => slot === replica.slot && generation < replica.generation)
    .sort((a, b) => b.generation - a.generation)
  const failures = before.findIndex(({ status, revision }) => status !== 'failed' || revision !== replica.revision)
  const attempt = (failures < 0 ? before.length : failures) + 1
  const [last] = before
  return { text: last ? originText(replica, last) : null, attempt }
}

function originText(replica: Attempt, last: Attempt): string {
  if (last.revision < replica.revision) return `updated to revision ${replica.revision}`
  if (last.revision > replica.revision) return `rolled back to revision ${replica.revision}`
  if (last.status === 'failed') return `replaces the failed one on ${last.node.nodeId}`
  if (last.status === 'lost') return `replaces the one lost with ${last.node.nodeId}`
  return last.node.nodeId === replica.node.nodeId ? 'rescheduled' : `moved from ${last.node.nodeId}`
}

/**
 * The next attempt at the slot of a stopped replica: "replaced by revision 2", "moved to node-01"; null without one.
 */
export function successorText(replica: Attempt, replicas: readonly Attempt[]): string | null {
  const [next] = replicas
    .filter(({ slot, generation }) => slot === replica.slot && generation > replica.generation)
    .sort((a, b) => a.generation - b.generation)
  if (!next) return null
  if (next.revision !== replica.revision) return `replaced by revision ${next.revision}`
  return next.node.nodeId === replica.node.nodeId ? 'rescheduled' : `moved to ${next.node.nodeId}`
}

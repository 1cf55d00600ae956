import { isLive } from '@/core/deployments/status'
import type { DeploymentDetail, ReplicaView } from '@/core/views/deployments'

/**
 * What is there or is wanted, and what is over: of each slot the newest attempt stays in sight, however it ended. Not so one
 * of a revision that is wanted no longer, while another attempt runs in its place.
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

/** What an attempt at a slot was made for, and how many tries in a row it took. */
interface Origin {
  /** "updated to revision 2", "moved from node-03"; null for the first one of its slot. */
  text: string | null
  /** 1, or more when the ones directly before it failed. */
  attempt: number
}

type Attempt = Pick<ReplicaView, 'slot' | 'generation' | 'revision' | 'status'> & { node: { nodeId: string } }

/** Why there is this replica: read from the ones of its slot before it. `replicas` are all that are known. */
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
  if (last.status === 'failed') return `replaces one that failed on ${last.node.nodeId}`
  if (last.status === 'lost') return `replaces one that was lost with ${last.node.nodeId}`
  return last.node.nodeId === replica.node.nodeId ? 'placed again' : `moved from ${last.node.nodeId}`
}

/** What took its place, for one that was stopped: "replaced by revision 2", "moved to node-01"; null when nothing did. */
export function successorText(replica: Attempt, replicas: readonly Attempt[]): string | null {
  const [next] = replicas
    .filter(({ slot, generation }) => slot === replica.slot && generation > replica.generation)
    .sort((a, b) => a.generation - b.generation)
  if (!next) return null
  if (next.revision !== replica.revision) return `replaced by revision ${next.revision}`
  return next.node.nodeId === replica.node.nodeId ? 'placed again' : `moved to ${next.node.nodeId}`
}

import { isLive } from '@/server/domain/status'
import type { DeploymentDetail, ReplicaView } from '@/server/domain/views'

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

import { isLive } from '@/server/domain/status'
import type { DeploymentDetail, ReplicaView } from '@/server/domain/views'

/** What is there or is wanted, and what is over: of each slot the newest attempt stays in sight, however it ended. */
export function splitAttempts({ replicas, targetReplicas }: Pick<DeploymentDetail, 'replicas' | 'targetReplicas'>): {
  current: ReplicaView[]
  ended: ReplicaView[]
} {
  const newest = new Map<number, number>()
  for (const { slot, generation } of replicas) newest.set(slot, Math.max(newest.get(slot) ?? 0, generation))
  const isCurrent = ({ slot, generation, status, reserved }: ReplicaView): boolean =>
    reserved || isLive(status) || (slot < targetReplicas && newest.get(slot) === generation)
  return { current: replicas.filter(isCurrent), ended: replicas.filter((replica) => !isCurrent(replica)) }
}

import { splitAttempts } from '@/app/features/deployment/attempts'
import { logLimits } from '@/core/logs/log'
import type { DeploymentDetail, ReplicaView } from '@/core/views/deployments'

type Attempt = Pick<ReplicaView, 'slot' | 'generation'>

/** A replica in addresses: "2" is the first attempt of the second replica, "2.3" its third attempt. */
export const nameOf = ({ slot, generation }: Attempt): string =>
  generation === 1 ? String(slot + 1) : `${slot + 1}.${generation}`

/** The address of the log of one replica, at a time if given (ISO 8601). */
export function logHref(deploymentId: string, attempt: Attempt, at?: string): string {
  const query = new URLSearchParams({ tab: 'logs', replicas: nameOf(attempt), ...(at && { at }) })
  return `/deployments/${deploymentId}?${query}`
}

/** The attempts that the address names, else the current ones, else the newest ended ones. */
export function chosenReplicas(
  deployment: Pick<DeploymentDetail, 'replicas' | 'targetReplicas' | 'revision'>,
  names: readonly string[] | null,
): ReplicaView[] {
  const { replicas } = deployment
  if (names) return replicas.filter((replica) => names.includes(nameOf(replica))).slice(0, logLimits.replicas)
  const { current } = splitAttempts(deployment)
  const newestOfSlot = replicas.filter((replica, i) => replicas[i - 1]?.slot !== replica.slot)
  return (current.length > 0 ? current : newestOfSlot).slice(0, logLimits.replicas)
}

const stripes = [
  'bg-accent',
  'bg-degraded',
  'bg-magenta',
  'bg-healthy',
  'bg-slate',
  'bg-progressing',
  'bg-failed',
  'bg-ink-3',
]

/** The stripe color of a log source. It only tells sources apart; all attempts of a slot share one. */
export const stripeOf = ({ slot }: Attempt): string => stripes[slot % stripes.length] ?? ''

/** The displayed name: "2" is the newest attempt of the second replica, "2 (attempt 1)" an earlier one. */
export function titleOf({ slot, generation }: Attempt, replicas: readonly Attempt[]): string {
  const isNewest = !replicas.some((other) => other.slot === slot && other.generation > generation)
  return isNewest ? String(slot + 1) : `${slot + 1} (attempt ${generation})`
}

export const labelOf = (replica: ReplicaView, replicas: readonly Attempt[]): string =>
  `${titleOf(replica, replicas)} ${replica.node.nodeId}`

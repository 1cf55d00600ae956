import { replicaStyle, type StatusStyle } from '@/app/ui/status/status'
import type { ReplicaView } from '@/core/views/deployments'

const pausedStyle: StatusStyle = {
  label: 'Paused',
  icon: 'stopped',
  color: 'degraded',
  explanation: 'The container was paused on the node. Unpause it there to resume.',
}

const restartingStyle: StatusStyle = {
  label: 'Restarting',
  icon: 'partial',
  color: 'degraded',
  explanation: 'The container exited. Its node restarts it.',
}

const unhealthyStyle: StatusStyle = {
  label: 'Unhealthy',
  icon: 'failed',
  color: 'failed',
  explanation: 'The container runs but its health check fails.',
}

type Shown = Pick<ReplicaView, 'status' | 'health' | 'standstill' | 'restarts'> & {
  node: Pick<ReplicaView['node'], 'status'>
}

/** The style of a replica: of its container's state where that says more than its status. */
export function replicaStateStyle({ status, health, standstill, restarts, node }: Shown): StatusStyle {
  const offline = node.status === 'offline'
  if (offline) return replicaStyle(status, { offline })
  if (status === 'starting' && standstill === 'paused') return pausedStyle
  if (status === 'starting' && (standstill !== null || restarts.lastEnd !== null)) return restartingStyle
  if (status === 'running' && health === 'unhealthy') return unhealthyStyle
  return replicaStyle(status, { offline })
}

/** From this many restarts in a row the replica is in a crash loop. */
const loopFrom = 3

/** "crash loop: 7 restarts", "2 restarts"; null when the replica was never restarted. */
export function restartsText({ status, restarts }: Pick<ReplicaView, 'status' | 'restarts'>): string | null {
  if (restarts.count === 0) return null
  const text = restarts.count === 1 ? '1 restart' : `${restarts.count} restarts`
  const loops = restarts.inARow >= loopFrom && (status === 'starting' || restarts.nextAt !== null)
  return loops ? `crash loop: ${text}` : text
}

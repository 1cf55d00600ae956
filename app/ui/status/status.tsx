import { cn } from '@/app/ui/cn'
import { type DeploymentStatus, type Health, isLive, type ReplicaStatus } from '@/core/deployments/status'
import type { NodeStatus } from '@/core/placement/node-status'
import { type IconName, StatusIcon } from './status-icon'

/**
 * Labels, looks and meanings of all states. A state added to core/deployments/status.ts does not compile until it has a
 * style here.
 */
export interface StatusStyle {
  label: string
  icon: IconName
  color: StatusColor
  /** One sentence for users who see the label for the first time. */
  explanation: string
}

export const statusColors = ['healthy', 'progressing', 'degraded', 'failed', 'unknown', 'slate', 'quiet'] as const
export type StatusColor = (typeof statusColors)[number]

export const colorText: Record<StatusColor, string> = {
  healthy: 'text-healthy',
  progressing: 'text-progressing',
  degraded: 'text-degraded',
  failed: 'text-failed',
  unknown: 'text-unknown',
  slate: 'text-slate',
  quiet: 'text-ink-3',
}

export const deploymentStyles: Record<DeploymentStatus, StatusStyle> = {
  pending: {
    label: 'Pending',
    icon: 'waiting',
    color: 'progressing',
    explanation: 'Waiting for the scheduler to place its replicas.',
  },
  scheduled: {
    label: 'Scheduled',
    icon: 'assigned',
    color: 'progressing',
    explanation: 'All replicas have a node with reserved capacity; containers are starting.',
  },
  running: {
    label: 'Running',
    icon: 'running',
    color: 'healthy',
    explanation: 'All desired containers are running.',
  },
  stopped: {
    label: 'Stopped',
    icon: 'stopped',
    color: 'quiet',
    explanation: 'Scaled to zero.',
  },
  failed: {
    label: 'Failed',
    icon: 'failed',
    color: 'failed',
    explanation: 'Could not be placed or started; the reason says what to change.',
  },
  deleted: {
    label: 'Deleted',
    icon: 'deleted',
    color: 'quiet',
    explanation: 'Deleted; its history is kept.',
  },
}

export const replicaStyles: Record<ReplicaStatus, StatusStyle> = {
  pending: {
    label: 'Pending',
    icon: 'waiting',
    color: 'progressing',
    explanation: 'Placed on a node; the agent has not started yet.',
  },
  starting: {
    label: 'Starting',
    icon: 'starting',
    color: 'progressing',
    explanation: 'The agent is pulling the image or starting the container.',
  },
  running: { label: 'Running', icon: 'running', color: 'healthy', explanation: 'Its container is running.' },
  stopping: { label: 'Stopping', icon: 'stopping', color: 'slate', explanation: 'Its container is being stopped.' },
  stopped: {
    label: 'Stopped',
    icon: 'stopped',
    color: 'quiet',
    explanation: 'Its container was stopped as requested.',
  },
  failed: {
    label: 'Failed',
    icon: 'failed',
    color: 'failed',
    explanation: 'This attempt failed; another may follow.',
  },
  lost: {
    label: 'Lost',
    icon: 'unknown',
    color: 'unknown',
    explanation: 'Its node is offline; the container may still be running.',
  },
}

export const nodeStyles: Record<NodeStatus, StatusStyle> = {
  idle: { label: 'Idle', icon: 'ready', color: 'healthy', explanation: 'Online, runs nothing, accepts replicas.' },
  active: { label: 'Active', icon: 'running', color: 'healthy', explanation: 'Online, runs replicas, accepts more.' },
  busy: {
    label: 'Busy',
    icon: 'full',
    color: 'degraded',
    explanation: 'Online, but accepts no new replicas for now.',
  },
  offline: {
    label: 'Offline',
    icon: 'unknown',
    color: 'unknown',
    explanation: 'No heartbeat within the limit. Showing the last known state.',
  },
  maintenance: {
    label: 'Maintenance',
    icon: 'wrench',
    color: 'slate',
    explanation: 'Taken out of service by a user.',
  },
}

export const healthStyles: Record<Health, StatusStyle> = {
  healthy: { label: 'Healthy', icon: 'running', color: 'healthy', explanation: 'All desired replicas run.' },
  progressing: {
    label: 'Progressing',
    icon: 'starting',
    color: 'progressing',
    explanation: 'Moving toward the desired state.',
  },
  degraded: {
    label: 'Degraded',
    icon: 'partial',
    color: 'degraded',
    explanation: 'Fewer healthy replicas than desired.',
  },
  unhealthy: {
    label: 'Unhealthy',
    icon: 'failed',
    color: 'failed',
    explanation: 'None of the desired replicas are healthy.',
  },
  unknown: {
    label: 'Unknown',
    icon: 'unknown',
    color: 'unknown',
    explanation: 'Its nodes are offline; it may still be running.',
  },
  none: {
    label: 'None',
    icon: 'none',
    color: 'quiet',
    explanation: 'No replicas are desired.',
  },
}

export const cordonedStyle: StatusStyle = {
  label: 'Cordoned',
  icon: 'lock',
  color: 'slate',
  explanation: 'Keeps its replicas and accepts no new ones.',
}

export const drainingStyle: StatusStyle = {
  label: 'Draining',
  icon: 'arrow',
  color: 'progressing',
  explanation: 'Its replicas are being moved to other nodes.',
}

const drainedStyle: StatusStyle = {
  label: 'Drained',
  icon: 'arrow',
  color: 'slate',
  explanation: 'Has no replicas left and accepts no new ones.',
}

const removedStyle: StatusStyle = {
  label: 'Removed',
  icon: 'deleted',
  color: 'quiet',
  explanation: 'No longer in the fleet; its history is kept.',
}

/** The style of a state last reported before the node went offline: never green, because it may have changed. */
const lastSeen = (statusStyle: StatusStyle): StatusStyle => ({
  label: `Last seen ${statusStyle.label.toLowerCase()}`,
  icon: 'unknown',
  color: 'unknown',
  explanation: `${statusStyle.explanation} Last known state before its node went offline.`,
})

export const deploymentStyle = ({ status, health }: { status: DeploymentStatus; health: Health }): StatusStyle =>
  status === 'running' && health === 'unknown' ? lastSeen(deploymentStyles[status]) : deploymentStyles[status]

/** A replica on an offline node is unknown; its last state stays in the label as the best guess. */
export const replicaStyle = (status: ReplicaStatus, node: { offline: boolean }): StatusStyle =>
  node.offline && isLive(status)
    ? { ...lastSeen(replicaStyles[status]), label: `Unknown, was ${replicaStyles[status].label.toLowerCase()}` }
    : replicaStyles[status]

interface LookedAtNode {
  status: NodeStatus
  cordoned: boolean
  draining: boolean
  stale: boolean
  reserved?: { cpuMillis: number }
  removedAt?: string | null
}

/** The most important state of a node: offline first, then cordon and drain, then the reported status. */
export function nodeStyle(node: LookedAtNode): StatusStyle {
  if (node.removedAt) return removedStyle
  if (node.status === 'offline' || node.stale) return nodeStyles.offline
  if (node.status === 'maintenance') return nodeStyles.maintenance
  if (node.draining) return node.reserved?.cpuMillis === 0 ? drainedStyle : drainingStyle
  if (node.cordoned) return cordonedStyle
  return nodeStyles[node.status]
}

/** A status as stored in the history: may be `none` or a name from an older version. */
export function deploymentStyleOf(status: string): StatusStyle {
  return (
    (deploymentStyles as Record<string, StatusStyle | undefined>)[status] ?? {
      label: status,
      icon: 'none',
      color: 'quiet',
      explanation: 'Before the first status.',
    }
  )
}

interface StatusBadgeProps {
  statusStyle: StatusStyle
  className?: string | undefined
  /** Details beyond the explanation, for example the reason. */
  title?: string | undefined
}

/** Icon, label and color, without a background. */
export function StatusBadge({ statusStyle, className, title }: StatusBadgeProps) {
  return (
    <span
      title={title ?? statusStyle.explanation}
      className={cn(
        'inline-flex items-center gap-1.5 align-top whitespace-nowrap',
        colorText[statusStyle.color],
        className,
      )}
    >
      <StatusIcon name={statusStyle.icon} className="shrink-0" />
      {statusStyle.label}
    </span>
  )
}

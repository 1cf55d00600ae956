import { cn } from '@/app/ui/cn'
import { type DeploymentStatus, type Health, isLive, type ReplicaStatus } from '@/core/deployments/status'
import type { NodeStatus } from '@/core/placement/node-status'
import { type IconName, StatusIcon } from './status-icon'

/**
 * The one dictionary of states: what each is called, how it looks and what it means.
 * A state that is added to core/deployments/status.ts does not compile until it has a look here.
 */
export interface StatusStyle {
  label: string
  icon: IconName
  color: StatusColor
  /** One sentence for people who meet the word for the first time. */
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
    explanation: 'Waits for the scheduler to find nodes for its replicas.',
  },
  scheduled: {
    label: 'Scheduled',
    icon: 'assigned',
    color: 'progressing',
    explanation: 'Every replica has a node and its capacity is reserved; containers are being started.',
  },
  running: {
    label: 'Running',
    icon: 'running',
    color: 'healthy',
    explanation: 'All wanted containers were seen running.',
  },
  stopped: {
    label: 'Stopped',
    icon: 'stopped',
    color: 'quiet',
    explanation: 'Scaled to zero: no container is wanted.',
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
    explanation: 'Placed on its node; the agent has not started on it yet.',
  },
  starting: {
    label: 'Starting',
    icon: 'starting',
    color: 'progressing',
    explanation: 'The agent pulls the image or starts the container.',
  },
  running: { label: 'Running', icon: 'running', color: 'healthy', explanation: 'Its container was seen running.' },
  stopping: { label: 'Stopping', icon: 'stopping', color: 'slate', explanation: 'Its container is being stopped.' },
  stopped: { label: 'Stopped', icon: 'stopped', color: 'quiet', explanation: 'Its container ended as wanted.' },
  failed: {
    label: 'Failed',
    icon: 'failed',
    color: 'failed',
    explanation: 'This attempt failed; another one may follow.',
  },
  lost: {
    label: 'Lost',
    icon: 'unknown',
    color: 'unknown',
    explanation: 'Its node is offline: whether the container still runs is not known.',
  },
}

export const nodeStyles: Record<NodeStatus, StatusStyle> = {
  idle: { label: 'Idle', icon: 'ready', color: 'healthy', explanation: 'Reports in, runs nothing, takes replicas.' },
  active: { label: 'Active', icon: 'running', color: 'healthy', explanation: 'Reports in, runs replicas, takes more.' },
  busy: {
    label: 'Busy',
    icon: 'full',
    color: 'degraded',
    explanation: 'Reports in, but takes no new replicas for now.',
  },
  offline: {
    label: 'Offline',
    icon: 'unknown',
    color: 'unknown',
    explanation: 'No heartbeat within the limit: what is shown is the last that was known.',
  },
  maintenance: {
    label: 'Maintenance',
    icon: 'wrench',
    color: 'slate',
    explanation: 'Taken out of service by a person.',
  },
}

export const healthStyles: Record<Health, StatusStyle> = {
  healthy: { label: 'Healthy', icon: 'running', color: 'healthy', explanation: 'All desired replicas run.' },
  progressing: {
    label: 'Progressing',
    icon: 'starting',
    color: 'progressing',
    explanation: 'On its way to what is wanted.',
  },
  degraded: {
    label: 'Degraded',
    icon: 'partial',
    color: 'degraded',
    explanation: 'Fewer replicas run well than are wanted.',
  },
  unhealthy: {
    label: 'Unhealthy',
    icon: 'failed',
    color: 'failed',
    explanation: 'None of the desired replicas runs well.',
  },
  unknown: {
    label: 'Unknown',
    icon: 'unknown',
    color: 'unknown',
    explanation: 'Its nodes are offline: nobody can say whether it runs.',
  },
  none: {
    label: 'None',
    icon: 'none',
    color: 'quiet',
    explanation: 'Nothing is wanted, so there is nothing to judge.',
  },
}

export const cordonedStyle: StatusStyle = {
  label: 'Cordoned',
  icon: 'lock',
  color: 'slate',
  explanation: 'Keeps what it runs and takes nothing new.',
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
  explanation: 'Nothing is left on it, and it takes nothing new.',
}

const removedStyle: StatusStyle = {
  label: 'Removed',
  icon: 'deleted',
  color: 'quiet',
  explanation: 'No part of the fleet any more; its history is kept.',
}

/** How a state looks that was true when its node was last heard: never green, since nobody knows whether it still is. */
const lastSeen = (statusStyle: StatusStyle): StatusStyle => ({
  label: `Last seen ${statusStyle.label.toLowerCase()}`,
  icon: 'unknown',
  color: 'unknown',
  explanation: `${statusStyle.explanation} That was before its node went offline.`,
})

export const deploymentStyle = ({ status, health }: { status: DeploymentStatus; health: Health }): StatusStyle =>
  status === 'running' && health === 'unknown' ? lastSeen(deploymentStyles[status]) : deploymentStyles[status]

/** A replica on a silent node is unknown; the word for what it was stays, for it is the best guess that there is. */
export const replicaStyle = (status: ReplicaStatus, node: { silent: boolean }): StatusStyle =>
  node.silent && isLive(status)
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

/** What is most worth knowing of a node, in one look: silence first, then what people decided, then its own word. */
export function nodeStyle(node: LookedAtNode): StatusStyle {
  if (node.removedAt) return removedStyle
  if (node.status === 'offline' || node.stale) return nodeStyles.offline
  if (node.status === 'maintenance') return nodeStyles.maintenance
  if (node.draining) return node.reserved?.cpuMillis === 0 ? drainedStyle : drainingStyle
  if (node.cordoned) return cordonedStyle
  return nodeStyles[node.status]
}

/** A status as the history tables store it: also `none`, and words of older versions. */
export function deploymentLookOf(status: string): StatusStyle {
  return (
    (deploymentStyles as Record<string, StatusStyle | undefined>)[status] ?? {
      label: status,
      icon: 'none',
      color: 'quiet',
      explanation: 'Before its first status.',
    }
  )
}

interface StatusBadgeProps {
  statusStyle: StatusStyle
  className?: string | undefined
  /** More than the dictionary knows, for example the reason. */
  title?: string | undefined
}

/** Icon, word and colour; no pill. */
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

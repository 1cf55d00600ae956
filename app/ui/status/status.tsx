import { cn } from '@/app/ui/cn'
import { type DeploymentStatus, type Health, isLive, type ReplicaStatus } from '@/core/deployments/status'
import type { NodeStatus } from '@/core/placement/node-status'
import { Glyph, type GlyphName } from './status-icon'

/**
 * The one dictionary of states: what each is called, how it looks and what it means.
 * A state that is added to core/deployments/status.ts does not compile until it has a look here.
 */
export interface Look {
  label: string
  glyph: GlyphName
  tone: Tone
  /** One sentence for people who meet the word for the first time. */
  explanation: string
}

export const tones = ['healthy', 'progressing', 'degraded', 'failed', 'unknown', 'slate', 'quiet'] as const
export type Tone = (typeof tones)[number]

export const toneText: Record<Tone, string> = {
  healthy: 'text-healthy',
  progressing: 'text-progressing',
  degraded: 'text-degraded',
  failed: 'text-failed',
  unknown: 'text-unknown',
  slate: 'text-slate',
  quiet: 'text-ink-3',
}

export const deploymentLooks: Record<DeploymentStatus, Look> = {
  pending: {
    label: 'Pending',
    glyph: 'waiting',
    tone: 'progressing',
    explanation: 'Waits for the scheduler to find nodes for its replicas.',
  },
  scheduled: {
    label: 'Scheduled',
    glyph: 'assigned',
    tone: 'progressing',
    explanation: 'Every replica has a node and its capacity is reserved; containers are being started.',
  },
  running: {
    label: 'Running',
    glyph: 'running',
    tone: 'healthy',
    explanation: 'All wanted containers were seen running.',
  },
  stopped: {
    label: 'Stopped',
    glyph: 'stopped',
    tone: 'quiet',
    explanation: 'Scaled to zero: no container is wanted.',
  },
  failed: {
    label: 'Failed',
    glyph: 'failed',
    tone: 'failed',
    explanation: 'Could not be placed or started; the reason says what to change.',
  },
  deleted: {
    label: 'Deleted',
    glyph: 'deleted',
    tone: 'quiet',
    explanation: 'Deleted; its history is kept.',
  },
}

export const replicaLooks: Record<ReplicaStatus, Look> = {
  pending: {
    label: 'Pending',
    glyph: 'waiting',
    tone: 'progressing',
    explanation: 'Placed on its node; the agent has not started on it yet.',
  },
  starting: {
    label: 'Starting',
    glyph: 'starting',
    tone: 'progressing',
    explanation: 'The agent pulls the image or starts the container.',
  },
  running: { label: 'Running', glyph: 'running', tone: 'healthy', explanation: 'Its container was seen running.' },
  stopping: { label: 'Stopping', glyph: 'stopping', tone: 'slate', explanation: 'Its container is being stopped.' },
  stopped: { label: 'Stopped', glyph: 'stopped', tone: 'quiet', explanation: 'Its container ended as wanted.' },
  failed: {
    label: 'Failed',
    glyph: 'failed',
    tone: 'failed',
    explanation: 'This attempt failed; another one may follow.',
  },
  lost: {
    label: 'Lost',
    glyph: 'unknown',
    tone: 'unknown',
    explanation: 'Its node is silent: whether the container still runs is not known.',
  },
}

export const nodeLooks: Record<NodeStatus, Look> = {
  idle: { label: 'Idle', glyph: 'ready', tone: 'healthy', explanation: 'Reports in, runs nothing, takes replicas.' },
  active: { label: 'Active', glyph: 'running', tone: 'healthy', explanation: 'Reports in, runs replicas, takes more.' },
  busy: {
    label: 'Busy',
    glyph: 'full',
    tone: 'degraded',
    explanation: 'Reports in, but takes no new replicas for now.',
  },
  offline: {
    label: 'Offline',
    glyph: 'unknown',
    tone: 'unknown',
    explanation: 'No heartbeat within the limit: what is shown is the last that was known.',
  },
  maintenance: {
    label: 'Maintenance',
    glyph: 'wrench',
    tone: 'slate',
    explanation: 'Taken out of service by a person.',
  },
}

export const healthLooks: Record<Health, Look> = {
  healthy: { label: 'Healthy', glyph: 'running', tone: 'healthy', explanation: 'All wanted replicas run.' },
  progressing: {
    label: 'Progressing',
    glyph: 'starting',
    tone: 'progressing',
    explanation: 'On its way to what is wanted.',
  },
  degraded: {
    label: 'Degraded',
    glyph: 'partial',
    tone: 'degraded',
    explanation: 'Fewer replicas run well than are wanted.',
  },
  unhealthy: {
    label: 'Unhealthy',
    glyph: 'failed',
    tone: 'failed',
    explanation: 'None of the wanted replicas runs well.',
  },
  unknown: {
    label: 'Unknown',
    glyph: 'unknown',
    tone: 'unknown',
    explanation: 'Its nodes are silent: nobody can say whether it runs.',
  },
  none: {
    label: 'None',
    glyph: 'none',
    tone: 'quiet',
    explanation: 'Nothing is wanted, so there is nothing to judge.',
  },
}

export const cordonedLook: Look = {
  label: 'Cordoned',
  glyph: 'lock',
  tone: 'slate',
  explanation: 'Keeps what it runs and takes nothing new.',
}

export const drainingLook: Look = {
  label: 'Draining',
  glyph: 'arrow',
  tone: 'progressing',
  explanation: 'Its replicas are being moved to other nodes.',
}

const drainedLook: Look = {
  label: 'Drained',
  glyph: 'arrow',
  tone: 'slate',
  explanation: 'Nothing is left on it, and it takes nothing new.',
}

const removedLook: Look = {
  label: 'Removed',
  glyph: 'deleted',
  tone: 'quiet',
  explanation: 'No part of the fleet any more; its history is kept.',
}

/** How a state looks that was true when its node was last heard: never green, since nobody knows whether it still is. */
const lastSeen = (look: Look): Look => ({
  label: `Last seen ${look.label.toLowerCase()}`,
  glyph: 'unknown',
  tone: 'unknown',
  explanation: `${look.explanation} That was before its node fell silent.`,
})

export const deploymentLook = ({ status, health }: { status: DeploymentStatus; health: Health }): Look =>
  status === 'running' && health === 'unknown' ? lastSeen(deploymentLooks[status]) : deploymentLooks[status]

/** A replica on a silent node is unknown; the word for what it was stays, for it is the best guess that there is. */
export const replicaLook = (status: ReplicaStatus, node: { silent: boolean }): Look =>
  node.silent && isLive(status)
    ? { ...lastSeen(replicaLooks[status]), label: `Unknown, was ${replicaLooks[status].label.toLowerCase()}` }
    : replicaLooks[status]

interface LookedAtNode {
  status: NodeStatus
  cordoned: boolean
  draining: boolean
  stale: boolean
  reserved?: { cpuMillis: number }
  removedAt?: string | null
}

/** What is most worth knowing of a node, in one look: silence first, then what people decided, then its own word. */
export function nodeLook(node: LookedAtNode): Look {
  if (node.removedAt) return removedLook
  if (node.status === 'offline' || node.stale) return nodeLooks.offline
  if (node.status === 'maintenance') return nodeLooks.maintenance
  if (node.draining) return node.reserved?.cpuMillis === 0 ? drainedLook : drainingLook
  if (node.cordoned) return cordonedLook
  return nodeLooks[node.status]
}

/** A status as the history tables store it: also `none`, and words of older versions. */
export function deploymentLookOf(status: string): Look {
  return (
    (deploymentLooks as Record<string, Look | undefined>)[status] ?? {
      label: status,
      glyph: 'none',
      tone: 'quiet',
      explanation: 'Before its first status.',
    }
  )
}

interface StatusBadgeProps {
  look: Look
  className?: string | undefined
  /** More than the dictionary knows, for example the reason. */
  title?: string | undefined
}

/** Icon, word and colour; no pill. */
export function StatusBadge({ look, className, title }: StatusBadgeProps) {
  return (
    <span
      title={title ?? look.explanation}
      className={cn('inline-flex items-center gap-1.5 align-top whitespace-nowrap', toneText[look.tone], className)}
    >
      <Glyph name={look.glyph} className="shrink-0" />
      {look.label}
    </span>
  )
}

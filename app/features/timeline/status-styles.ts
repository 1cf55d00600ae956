import type { Marker, Phase } from './lanes'

interface PhaseStyle {
  label: string
  explanation: string
  /** Classes of the bar. Every bar has a full-contrast border, so that pale ones stay visible. */
  bar: string
}

export const phaseStyles: Record<Phase, PhaseStyle> = {
  queued: {
    label: 'Queued',
    explanation: 'Waiting for the scheduler or for the next attempt.',
    bar: 'border border-dashed border-control',
  },
  scheduled: {
    label: 'Scheduled',
    explanation: 'Assigned to a node; the agent has not started yet.',
    bar: 'border border-progressing bg-progressing/15',
  },
  pulling: {
    label: 'Pulling',
    explanation: 'The node is pulling the image.',
    bar: 'border border-progressing bg-progressing/45',
  },
  starting: { label: 'Starting', explanation: 'The container is being started.', bar: 'bg-progressing' },
  running: { label: 'Running', explanation: 'The container is running.', bar: 'bg-healthy' },
  restarting: {
    label: 'Restarting',
    explanation: 'The container exited. Its node restarts it after a pause.',
    bar: 'border border-degraded bg-degraded/30',
  },
  stopping: { label: 'Stopping', explanation: 'The container is being stopped.', bar: 'bg-slate' },
}

export const markerStyles: Record<Marker['kind'], { label: string; className: string }> = {
  failed: { label: 'Failed', className: 'text-failed' },
  lost: { label: 'Lost', className: 'text-unknown' },
  stopped: { label: 'Stopped', className: 'text-ink-3' },
  interrupted: { label: 'Interrupted', className: 'text-degraded' },
  unhealthy: { label: 'Unhealthy', className: 'text-failed' },
  retry: { label: 'Retry', className: 'text-degraded' },
  person: { label: 'By a user', className: 'text-ink' },
}

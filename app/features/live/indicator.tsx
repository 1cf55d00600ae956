'use client'

import { cn } from '@/app/ui/cn'
import { type LiveState, useLiveState } from './provider'

const stateLabels: Record<LiveState, { label: string; title: string; mark: string }> = {
  connecting: { label: 'Connecting', title: 'Connecting to live updates.', mark: 'border border-ink-3 breathing' },
  live: { label: 'Live', title: 'Changes appear automatically.', mark: 'bg-healthy' },
  reconnecting: {
    label: 'Reconnecting',
    title: 'Connection lost. Data reloads once it is back.',
    mark: 'border border-degraded breathing',
  },
  stale: {
    label: 'Stale',
    title: 'No connection for a while: data may be outdated. Still reconnecting.',
    mark: 'hatched border border-unknown',
  },
}

const color: Record<LiveState, string> = {
  connecting: 'text-ink-3',
  live: 'text-ink-2',
  reconnecting: 'text-degraded',
  stale: 'text-unknown',
}

export function LiveIndicator({ className }: { className?: string }) {
  const state = useLiveState()
  const { label, title, mark } = stateLabels[state]
  return (
    <span
      role="status"
      title={title}
      data-live={state}
      className={cn('inline-flex items-center gap-2 text-meta whitespace-nowrap', color[state], className)}
    >
      <span aria-hidden className={cn('size-2 rounded-full', mark)} />
      {label}
    </span>
  )
}

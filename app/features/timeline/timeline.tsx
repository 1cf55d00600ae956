'use client'

import { useMemo } from 'react'
import type { Moment } from '@/app/features/time-travel/moment'
import { cn } from '@/app/ui/cn'
import { useNow } from '@/app/ui/text/clock'
import type { DeploymentStatus } from '@/core/deployments/status'
import type { DeploymentTimeline } from '@/core/views/deployments'
import { TimelineChart } from './chart'
import { buildTimeline, type LogHref, phases } from './lanes'
import { phaseStyles } from './status-styles'
import { TimelineTextAlternative } from './text-alternative'
import { TimelineScrubber } from './timeline-scrubber'

/** The legend of the bars. */
export function TimelineLegend() {
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-meta text-ink-3">
      {phases.map((phase) => (
        <li key={phase} title={phaseStyles[phase].explanation} className="flex items-center gap-1.5">
          <span aria-hidden className={cn('h-2.5 w-4 rounded-[2px]', phaseStyles[phase].bar)} />
          {phaseStyles[phase].label}
        </li>
      ))}
    </ul>
  )
}

interface TimelineProps {
  id: string
  timeline: DeploymentTimeline
  status: DeploymentStatus
  targetReplicas: number
  asTable: boolean
  logHref: LogHref
  moment: Moment
}

export function Timeline({ id, timeline, status, targetReplicas, asTable, logHref, moment }: TimelineProps) {
  const now = useNow()
  const model = useMemo(
    () => (now === null ? null : buildTimeline({ timeline, status, targetReplicas, now })),
    [timeline, status, targetReplicas, now],
  )
  if (!model) return null
  return (
    <>
      {!asTable && <TimelineChart model={model} at={moment.at} logHref={logHref} />}
      <TimelineScrubber id={id} model={model} moment={moment} />
      <TimelineTextAlternative model={model} visible={asTable} logHref={logHref} />
    </>
  )
}

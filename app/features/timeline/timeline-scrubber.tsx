import { useMemo } from 'react'
import { buildAxis } from '@/app/features/time-travel/axis'
import type { Moment } from '@/app/features/time-travel/moment'
import { Scrubber } from '@/app/features/time-travel/scrubber'
import { type TimelineModel, timesOf } from './lanes'

/** A scrubber whose positions match the chart above it. */
export function TimelineScrubber({ id, model, moment }: { id: string; model: TimelineModel; moment: Moment }) {
  const scale = useMemo(() => buildAxis({ times: timesOf(model), from: model.from, to: model.to }), [model])
  return (
    <div className="grid grid-cols-[24px_minmax(0,1fr)] gap-x-3 sm:grid-cols-[72px_minmax(0,1fr)]">
      <p className="self-start pt-1.5 text-right text-meta text-ink-3 max-sm:invisible">Time</p>
      <Scrubber {...moment} from={model.from} to={model.to} endsNow scale={scale} deploymentId={id} />
    </div>
  )
}

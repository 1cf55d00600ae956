'use client'

import { ArrowRight, User } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { type PointerEvent, useMemo, useRef, useState } from 'react'
import { type Axis, buildAxis, type Tick } from '@/app/features/time-travel/axis'
import { cn } from '@/app/ui/cn'
import { type IconName, StatusIcon } from '@/app/ui/status/status-icon'
import { useWidth } from '@/app/ui/table/width'
import { formatAge, formatDuration } from '@/app/ui/text/format'
import { exactClock, exactTime, tenthsClock } from '@/app/ui/text/time'
import { type Lane, type LogHref, type Marker, type Segment, segmentAt, type TimelineModel, timesOf } from './lanes'
import { markerStyles, phaseStyles } from './status-styles'

interface ChartProps {
  model: TimelineModel
  /** The shown time; null is now. */
  at: number | null
  logHref: LogHref
}

/** The lanes as bars. For pointers only; the table on the same page is its text alternative. */
export function TimelineChart({ model, at, logHref }: ChartProps) {
  const router = useRouter()
  const track = useRef<HTMLDivElement>(null)
  const width = Math.max(100, useWidth(track) ?? 800)
  const [detail, setDetail] = useState<string | null>(null)
  const axis = useMemo(() => {
    const times = timesOf(model)
    return buildAxis({ times, from: model.from, to: model.to, tickEveryPercent: (labelWidth / width) * 100 })
  }, [model, width])

  return (
    <div aria-hidden data-timeline className="select-none">
      <div className="grid grid-cols-[24px_minmax(0,1fr)] gap-x-3 sm:grid-cols-[72px_minmax(0,1fr)]">
        <div />
        <div ref={track}>
          <AxisRow axis={axis} live={model.live} width={width} />
        </div>
        <div className="self-center text-right text-meta text-ink-3 max-sm:invisible">Users</div>
        <div className="relative h-6 border-b border-line">
          {model.markers.map((marker) => (
            <MarkerMark key={`${marker.at}${marker.note}`} marker={marker} axis={axis} onDetail={setDetail} />
          ))}
        </div>
        {model.lanes.map((lane) => (
          <LaneRow
            key={lane.slot}
            lane={lane}
            axis={axis}
            model={model}
            at={at}
            onDetail={setDetail}
            onOpen={({ generation }, when) =>
              router.push(logHref({ slot: lane.slot, generation }, new Date(when).toISOString()))
            }
          />
        ))}
      </div>
      <p className="mt-2 min-h-10 text-ink-2 sm:min-h-5">
        {detail ?? 'Hover over a bar for details; click it to open the log at that time.'}
      </p>
    </div>
  )
}

/** Width of "14:56:34.2" and the space around it, in px. */
const labelWidth = 92

type OnDetail = (text: string | null) => void
type OnOpen = (segment: Segment, at: number) => void

/** On touch screens a tap shows the tooltip; the table has the links. */
const isClick = ({ button, pointerType }: PointerEvent): boolean => button === 0 && pointerType !== 'touch'

const tickText = ({ at, step }: Tick): string => (step < 1000 ? tenthsClock(at) : exactClock(at))

function AxisRow({ axis, live, width }: { axis: Axis; live: boolean; width: number }) {
  /** No tick is drawn next to "now". */
  const lastPosition = live ? 100 - (labelWidth / 2 / width) * 100 : 100
  return (
    <div className="relative h-6 text-meta text-ink-3">
      {axis.ticks.map((tick) => (
        <span
          key={tick.at}
          title={exactTime(tick.at)}
          style={{ left: `${tick.position}%` }}
          className={cn(
            'absolute bottom-1 whitespace-nowrap',
            tick.position > 95 ? '-translate-x-full' : tick.position > 4 && '-translate-x-1/2',
            tick.position > lastPosition && 'invisible',
          )}
        >
          {tickText(tick)}
        </span>
      ))}
      {axis.breaks.map((gap) => (
        <span
          key={gap.from}
          title={`Nothing happened for ${formatDuration(gap.to - gap.from)}`}
          style={{ left: `${gap.start}%`, width: `${gap.end - gap.start}%` }}
          className="absolute bottom-1 text-center whitespace-nowrap text-ink-2 max-sm:invisible"
        >
          {formatAge(gap.to - gap.from)}
        </span>
      ))}
      {live && <span className="absolute right-0 bottom-1 font-medium text-ink">now</span>}
    </div>
  )
}

/** The widest bar of each attempt shows the node name if it fits. */
function namedSegments({ segments }: Lane, axis: Axis): Set<Segment> {
  const widest = new Map<number, Segment>()
  const width = ({ from, to }: Segment): number => axis.position(to) - axis.position(from)
  for (const segment of segments) {
    const best = widest.get(segment.generation)
    if (solid.has(segment.phase) && width(segment) >= namedFromPercent && (!best || width(segment) > width(best)))
      widest.set(segment.generation, segment)
  }
  return new Set(widest.values())
}

const namedFromPercent = 8
const solid: ReadonlySet<Segment['phase']> = new Set(['running', 'starting', 'stopping'])

function LaneRow({
  lane,
  axis,
  model,
  at,
  onDetail,
  onOpen,
}: {
  lane: Lane
  axis: Axis
  model: TimelineModel
  at: number | null
  onDetail: OnDetail
  onOpen: OnOpen
}) {
  const named = namedSegments(lane, axis)
  return (
    <>
      <div className="self-center text-right text-meta whitespace-nowrap text-ink-2">
        <span className="max-sm:hidden">Replica </span>
        {lane.slot + 1}
      </div>
      <div className="relative h-7 border-b border-line">
        {axis.ticks.map((tick) => (
          <div key={tick.at} style={{ left: `${tick.position}%` }} className="absolute inset-y-0 w-px bg-line" />
        ))}
        {lane.segments.map((segment) => (
          <SegmentBar
            named={named.has(segment)}
            key={`${segment.generation}${segment.phase}${segment.from}`}
            segment={segment}
            lane={lane}
            axis={axis}
            onDetail={onDetail}
            onOpen={onOpen}
          />
        ))}
        {axis.breaks.map((gap) => (
          <BreakMark key={gap.from} start={gap.start} end={gap.end} />
        ))}
        {lane.markers.map((marker) => (
          <MarkerMark
            key={`${marker.kind}${marker.at}`}
            marker={marker}
            axis={axis}
            onDetail={onDetail}
            onOpen={() => {
              const segment = segmentAt(lane, marker.at)
              if (segment) onOpen(segment, marker.at)
            }}
          />
        ))}
        {model.live && <div className="pointer-events-none absolute inset-y-0 right-0 w-px bg-ink-3" />}
        {at !== null && (
          <div
            style={{ left: `${axis.position(at)}%` }}
            className="pointer-events-none absolute inset-y-0 z-[1] w-0.5 -translate-x-1/2 bg-accent"
          />
        )}
      </div>
    </>
  )
}

interface SegmentBarProps {
  segment: Segment
  lane: Lane
  axis: Axis
  onDetail: OnDetail
  onOpen: OnOpen
  named: boolean
}

function SegmentBar({ named, segment, lane, axis, onDetail, onOpen }: SegmentBarProps) {
  const { from, to, phase, live, nodeId } = segment
  const left = axis.position(from)
  const width = axis.position(to) - left
  const hasLog = segment.generation > 0
  const open = (event: PointerEvent<HTMLElement>): void => {
    const { currentTarget, clientX } = event
    const box = currentTarget.getBoundingClientRect()
    if (hasLog && isClick(event)) onOpen(segment, axis.moment(left + (width * (clientX - box.left)) / box.width))
  }
  return (
    <div
      data-phase={phase}
      onPointerUp={open}
      onPointerEnter={() => onDetail(segmentText(segment, lane))}
      onPointerDown={() => onDetail(segmentText(segment, lane))}
      style={{ left: `min(${left}%, 100% - 3px)`, width: `max(3px, ${width}%)` }}
      className={cn(
        'absolute inset-y-1 overflow-hidden rounded-[2px] hover:brightness-110',
        phaseStyles[phase].bar,
        live && 'rounded-r-none',
        hasLog && 'cursor-pointer',
      )}
    >
      {named && <span className="block truncate px-1.5 text-meta leading-5 text-bg max-sm:hidden">{nodeId}</span>}
    </div>
  )
}

/** Two strokes across the lane mark a shortened stretch, as in technical drawings. */
function BreakMark({ start, end }: { start: number; end: number }) {
  return (
    <div
      style={{ left: `${(start + end) / 2}%` }}
      className="pointer-events-none absolute inset-y-0.5 flex -translate-x-1/2 -skew-x-12 gap-[3px]"
    >
      <div className="w-[3px] bg-bg" />
      <div className="w-px -translate-x-[5px] bg-ink-3" />
      <div className="w-px -translate-x-[5px] bg-ink-3" />
    </div>
  )
}

interface MarkerMarkProps {
  marker: Marker
  axis: Axis
  onDetail: OnDetail
  /** Which markers belong to a replica. */
  onOpen?: () => void
}

function MarkerMark({ marker, axis, onDetail, onOpen }: MarkerMarkProps) {
  const { label, className } = markerStyles[marker.kind]
  const text = `${label} · ${exactClock(marker.at)} · ${marker.note}`
  return (
    <div
      title={text}
      onPointerUp={(event) => isClick(event) && onOpen?.()}
      onPointerEnter={() => onDetail(text)}
      onPointerDown={() => onDetail(text)}
      style={{ left: `${axis.position(marker.at)}%` }}
      className={cn(
        'absolute inset-y-0 z-[1] flex -translate-x-1/2 items-center',
        onOpen && 'cursor-pointer',
        className,
      )}
    >
      <span className="rounded-full bg-bg p-px">
        {marker.kind === 'person' ? (
          <User size={13} aria-hidden />
        ) : marker.kind === 'retry' ? (
          <ArrowRight size={13} aria-hidden />
        ) : (
          <StatusIcon name={icons[marker.kind]} />
        )}
      </span>
    </div>
  )
}

const icons: Record<Exclude<Marker['kind'], 'person' | 'retry'>, IconName> = {
  failed: 'failed',
  lost: 'unknown',
  stopped: 'stopped',
  interrupted: 'partial',
  unhealthy: 'failed',
}

function segmentText({ phase, from, to, live, nodeId, generation, note }: Segment, { slot }: Lane): string {
  const attempt = generation > 1 ? `, attempt ${generation}` : ''
  const where = nodeId ? ` on ${nodeId}` : ''
  const span = live
    ? `since ${exactClock(from)}, ${formatDuration(to - from)} so far`
    : `${exactClock(from)} to ${exactClock(to)}, ${formatDuration(to - from)}`
  return `Replica ${slot + 1}${attempt}${where} · ${phaseStyles[phase].label} ${span}${note ? ` · ${note}` : ''}`
}

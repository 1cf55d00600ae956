'use client'

import { useMemo, useRef } from 'react'
import { cn } from '@/app/ui/cn'
import { colorText } from '@/app/ui/status/status'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { useWidth } from '@/app/ui/table/width'
import { plural } from '@/app/ui/text/format'
import { exactClock } from '@/app/ui/text/time'
import { type HistoryMark, type HistoryMarks, markKinds } from '@/core/insight/history'
import type { Scale } from './axis'
import { markStyles } from './marker-styles'

const heightPx = 36

/**
 * A chart of changes over time, with markers for notable events. For pointers only; the list below is its text
 * alternative.
 */
export function Density({ marks, scale, go }: { marks: HistoryMarks; scale: Scale; go: (at: number) => void }) {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box) ?? 800
  const groups = useMemo(() => grouped(marks.marks, scale, (closestPx / width) * 100), [marks, scale, width])
  return (
    <div ref={box} aria-hidden>
      <div className="relative h-5">
        {groups.map(({ left, marks: some }) => (
          <MarkGroup key={some[0]?.at} left={left} marks={some} go={go} />
        ))}
      </div>
      <Bars changes={marks.changes} problems={marks.problems} />
    </div>
  )
}

/** Square-root scale, so that a single change stays visible next to a busy second. */
function Bars({ changes, problems }: Pick<HistoryMarks, 'changes' | 'problems'>) {
  const most = Math.max(1, ...changes)
  const height = (count: number): number => (count === 0 ? 0 : Math.max(2, Math.sqrt(count / most) * heightPx))
  const bars = (counts: number[]): string =>
    counts.map((count, x) => (count > 0 ? `M${x} ${heightPx}h0.8v${-height(count)}h-0.8z` : '')).join('')
  return (
    <svg
      viewBox={`0 0 ${changes.length} ${heightPx}`}
      preserveAspectRatio="none"
      className="block h-9 w-full border-b border-line"
      role="presentation"
    >
      <path d={bars(changes)} className="fill-control" />
      <path d={bars(problems)} className="fill-failed" />
    </svg>
  )
}

/** Markers closer than this are merged, in CSS pixels. */
const closestPx = 15

/** `closest` is in percent of the width. */
function grouped(marks: HistoryMark[], scale: Scale, closest: number): { left: number; marks: HistoryMark[] }[] {
  const groups: { left: number; marks: HistoryMark[] }[] = []
  for (const mark of marks) {
    const left = scale.position(Date.parse(mark.at))
    const last = groups.at(-1)
    if (last && left - last.left < closest) last.marks.push(mark)
    else groups.push({ left, marks: [mark] })
  }
  return groups
}

const reportedAtOnce = 6

function MarkGroup({ left, marks, go }: { left: number; marks: HistoryMark[]; go: (at: number) => void }) {
  const kind = markKinds.find((one) => marks.some((mark) => mark.kind === one)) ?? 'person'
  const first = marks.find((mark) => mark.kind === kind)
  const more = marks.length - reportedAtOnce
  const { icon, color } = markStyles[kind]
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list of the same marks is for the keyboard
    // biome-ignore lint/a11y/noStaticElementInteractions: as above
    <span
      title={[...marks.slice(0, reportedAtOnce).map(labelFor), ...(more > 0 ? [`and ${more} more`] : [])].join('\n')}
      onClick={() => first && go(Date.parse(first.at))}
      style={{ left: `${left}%` }}
      className={cn('absolute top-0.5 -translate-x-1/2 cursor-pointer', colorText[color])}
    >
      <StatusIcon name={icon} />
    </span>
  )
}

const labelFor = ({ at, kind, subject, text }: HistoryMark): string =>
  `${exactClock(at)} ${markStyles[kind].label}: ${subject.name} · ${text}`

/** The notable events as text; each leads to its time. */
export function MarkList({ marks: { marks, more, changes }, go }: { marks: HistoryMarks; go: (at: number) => void }) {
  const total = changes.reduce((sum, count) => sum + count, 0)
  if (marks.length === 0)
    return (
      <p className="flex h-7 items-center text-meta text-ink-3 pointer-coarse:h-11">
        {plural(total, 'change')}, none notable.
      </p>
    )
  return (
    <details className="group">
      <summary className="inline-flex h-7 list-none items-center gap-2 text-meta text-ink-2 hover:text-ink pointer-coarse:h-11 [&::-webkit-details-marker]:hidden">
        <span aria-hidden className="text-ink-3 transition-transform group-open:rotate-90">
          ›
        </span>
        {plural(total, 'change')};{' '}
        {more ? `the last ${marks.length} that are notable` : plural(marks.length, 'is notable', 'are notable')}
      </summary>
      <ol aria-label="Notable events, newest first" className="max-h-64 overflow-y-auto">
        {[...marks].reverse().map((mark) => (
          <li
            key={`${mark.at}${mark.kind}${mark.subject.id}${mark.text}`}
            className="border-b border-line last:border-0"
          >
            <button
              type="button"
              onClick={() => go(Date.parse(mark.at))}
              className="flex min-h-(--row) w-full items-center gap-3 text-left hover:bg-hover focus-visible:-outline-offset-1"
            >
              <span className="w-16 shrink-0 text-ink-2">{exactClock(mark.at)}</span>
              <span
                className={cn(
                  'inline-flex shrink-0 items-center sm:w-28 gap-1.5 whitespace-nowrap',
                  colorText[markStyles[mark.kind].color],
                )}
              >
                <StatusIcon name={markStyles[mark.kind].icon} />
                <span className="max-sm:sr-only">{markStyles[mark.kind].label}</span>
              </span>
              <span className="min-w-0 truncate">
                <span className="font-medium">{mark.subject.name}</span> <span className="text-ink-2">{mark.text}</span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </details>
  )
}

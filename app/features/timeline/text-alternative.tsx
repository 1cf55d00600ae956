'use client'

import Link from 'next/link'
import { cn } from '@/app/ui/cn'
import { formatDuration } from '@/app/ui/text/format'
import { exactClock, exactTime } from '@/app/ui/text/time'
import { type LogHref, segmentAt, type TimelineModel } from './lanes'
import { markerStyles, phaseStyles } from './status-styles'

interface TextRow {
  key: string
  at: number
  replica: string
  what: string
  node: string
  lasted: string
  note: string
  /** The address of the log at that time; null for rows without one. */
  href: string | null
}

function rowsOf(model: TimelineModel, logHref: LogHref): TextRow[] {
  const rows: TextRow[] = model.markers.map(({ at, note }) => ({
    key: `person${at}${note}`,
    at,
    replica: 'All',
    what: markerStyles.person.label,
    node: '',
    lasted: '',
    note,
    href: null,
  }))
  for (const lane of model.lanes) {
    const { slot, segments, markers } = lane
    const replica = String(slot + 1)
    const hrefAt = (at: number): string | null => {
      const attempt = segmentAt(lane, at)
      return attempt && logHref({ slot, generation: attempt.generation }, new Date(at).toISOString())
    }
    for (const { phase, from, to, live, nodeId, generation, note } of segments)
      rows.push({
        key: `${slot}${phase}${generation}${from}`,
        at: from,
        replica: generation > 1 ? `${replica}, attempt ${generation}` : replica,
        what: phaseStyles[phase].label,
        node: nodeId ?? '',
        lasted: formatDuration(to - from) + (live ? ' so far' : ''),
        note,
        href: generation > 0 ? hrefAt(from) : null,
      })
    for (const { kind, at, note } of markers)
      rows.push({
        key: `${slot}${kind}${at}`,
        at,
        replica,
        what: markerStyles[kind].label,
        node: '',
        lasted: '',
        note,
        href: hrefAt(at),
      })
  }
  return rows.sort((a, b) => a.at - b.at)
}

const head = 'h-8 px-2 text-left text-meta font-medium text-ink-3'

interface TimelineTextAlternativeProps {
  model: TimelineModel
  visible: boolean
  logHref: LogHref
}

/** The same content as the chart, in rows. Always in the page; visible on request. */
export function TimelineTextAlternative({ model, visible, logHref }: TimelineTextAlternativeProps) {
  return (
    // A scrollable region must be reachable with the keyboard.
    <section
      aria-label="Timeline as a table"
      tabIndex={visible ? 0 : undefined}
      className={cn(visible ? '-mx-2 overflow-x-auto' : 'sr-only')}
    >
      <table className="w-full border-collapse">
        <caption className="sr-only">Replica events, oldest first</caption>
        <thead>
          <tr className="border-b border-line">
            {['Time', 'Replica', 'Event', 'Node', 'Duration', 'Note'].map((name) => (
              <th key={name} scope="col" className={head}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rowsOf(model, logHref).map((row) => (
            <tr key={row.key} className="h-(--row) border-b border-line">
              <td className="px-2 whitespace-nowrap text-ink-2" title={exactTime(row.at)}>
                <span className="max-sm:hidden">{exactTime(row.at)}</span>
                <span className="sm:hidden">{exactClock(row.at)}</span>
              </td>
              <td className="px-2 whitespace-nowrap">{row.replica}</td>
              <td className="px-2 whitespace-nowrap">
                {row.href === null ? (
                  row.what
                ) : (
                  <Link
                    href={row.href}
                    title="Log at that time"
                    tabIndex={visible ? undefined : -1}
                    className="hover:underline"
                  >
                    {row.what}
                  </Link>
                )}
              </td>
              <td className="px-2 whitespace-nowrap">{row.node}</td>
              <td className="px-2 whitespace-nowrap">{row.lasted}</td>
              <td className="min-w-64 px-2 py-1 text-ink-2">{row.note}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

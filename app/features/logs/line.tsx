import { memo } from 'react'
import { cn } from '@/app/ui/cn'
import { exactTime, tenthsClock } from '@/app/ui/text/time'
import { type AnsiColour, type AnsiPiece, ansiPieces } from './ansi'
import type { LogRow } from './log-buffer'
import { lineHeight } from './row-layout'
import { cutAt, spansOf } from './search'

const colours: Record<AnsiColour, string> = {
  red: 'text-failed',
  green: 'text-healthy',
  yellow: 'text-degraded',
  blue: 'text-progressing',
  magenta: 'text-magenta',
  cyan: 'text-accent',
  grey: 'text-ink-3',
}

const pieceClass = ({ colour, bold, dim, italic, underline, strike, marked }: AnsiPiece): string =>
  cn(
    colour ? colours[colour] : dim && 'text-ink-3',
    bold && 'font-semibold',
    italic && 'italic',
    underline && 'underline',
    strike && 'line-through',
    marked && 'bg-hover',
  )

export interface Source {
  /** "1 node-07" */
  label: string
  /** The class of the stripe that marks the source. */
  stripe: string
}

interface LineProps {
  row: LogRow
  top: number
  height: number
  source: Source | undefined
  times: boolean
  wrap: boolean
  query: string
  /** The highlighted match, or the time that a link points to. */
  current: boolean
}

/** Rendered once: log lines never change. */
export const Line = memo(function Line({ row, top, height, source, times, wrap, query, current }: LineProps) {
  return (
    <div
      data-line={row.isGap ? 'gap' : row.stream}
      data-current={current || undefined}
      style={{ top, height, lineHeight: `${lineHeight}px` }}
      className={cn(
        'absolute flex min-w-full pr-3',
        wrap && 'right-0 left-0',
        current ? 'bg-selected' : 'hover:bg-hover',
      )}
    >
      {source ? (
        <span
          title={source.label}
          className="flex w-(--log-source) shrink-0 items-start gap-1.5 overflow-hidden text-ink-3"
        >
          <span aria-hidden className={cn('w-1 shrink-0 self-stretch', source.stripe)} />
          <span className="truncate max-sm:sr-only">{source.label}</span>
        </span>
      ) : (
        <span className="w-(--log-source) shrink-0" />
      )}
      {times && (
        <time dateTime={row.at} title={exactTime(row.at)} className="w-(--log-time) shrink-0 text-ink-3">
          {tenthsClock(row.at)}
        </time>
      )}
      <span className="w-(--log-stream) shrink-0 text-ink-3">{row.stream === 'stderr' && !row.isGap && 'err'}</span>
      <span className={cn('min-w-0 grow', wrap ? 'log-wrap' : 'whitespace-pre')}>
        {row.isGap ? (
          <i className="text-ink-3">Lines before this one are not kept.</i>
        ) : (
          <LineText row={row} query={query} />
        )}
      </span>
    </div>
  )
})

function LineText({ row, query }: { row: LogRow; query: string }) {
  const spans = spansOf(row.plain, query)
  let from = 0
  return ansiPieces(row.text).map((piece) => {
    const at = from
    from += piece.text.length
    return (
      <span key={at} className={pieceClass(piece) || undefined}>
        {cutAt(piece.text, at, spans).map((cut, i) =>
          cut.found ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: a line never changes
            <mark key={i} className="bg-accent-soft text-ink">
              {cut.text}
            </mark>
          ) : (
            cut.text
          ),
        )}
      </span>
    )
  })
}

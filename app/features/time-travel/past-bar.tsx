'use client'

import { History } from 'lucide-react'
import { type CSSProperties, type ReactNode, useId } from 'react'
import { Button } from '@/app/ui/button'
import { momentTime } from '@/app/ui/text/time'
import { isoOf, type Moment } from './moment'

const heightPx = 44

interface PastBarProps extends Moment {
  /** Rendered while live, too, so that the layout does not move when a slider leaves the past. */
  keepsPlace: boolean
  children: ReactNode
}

/** Always shows whether the page is live or in the past. */
export function PastBar({ at, go, keepsPlace, children }: PastBarProps) {
  const id = useId()
  const past = at !== null
  return (
    <div style={{ '--above': past ? `calc(var(--topbar) + ${heightPx}px)` : 'var(--topbar)' } as CSSProperties}>
      {past && (
        <section
          aria-labelledby={id}
          style={{ height: heightPx }}
          className="sticky top-(--topbar) z-20 flex items-center gap-2 border-b border-degraded bg-chrome px-4 md:px-6"
        >
          <History size={16} aria-hidden className="shrink-0 text-degraded max-sm:hidden" />
          <p id={id} className="min-w-0 truncate">
            <span className="font-medium text-degraded">
              <span className="max-sm:hidden">Viewing </span>
              <span className="sm:hidden">Viewing </span>
            </span>
            <time dateTime={isoOf(at)}>{momentTime(at)}</time>
          </p>
          <Button size="sm" className="ml-auto" onClick={() => go(null)}>
            Back to live
          </Button>
        </section>
      )}
      {!past && keepsPlace && (
        <p style={{ height: heightPx }} className="flex items-center border-b border-line px-4 text-ink-3 md:px-6">
          Live. Drag to go back in time.
        </p>
      )}
      {/* Sticky table heads stop below the bar. */}
      <div style={{ '--topbar': 'var(--above)' } as CSSProperties}>{children}</div>
    </div>
  )
}

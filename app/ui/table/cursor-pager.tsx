'use client'

import { ChevronLeft, ChevronRight } from 'lucide-react'
import { Button } from '@/app/ui/button'

interface CursorPagerProps {
  /** null when there. */
  newest: (() => void) | null
  /** null when there is nothing older. */
  older: (() => void) | null
}

/** Through a history that grows at one end there are no page numbers. */
export function CursorPager({ newest, older }: CursorPagerProps) {
  if (!newest && !older) return null
  return (
    <nav aria-label="Pages" className="flex items-center justify-end gap-2 px-4 py-3 md:px-6">
      <Button
        icon={<ChevronLeft size={16} aria-hidden />}
        onClick={newest ?? undefined}
        blocked={newest ? null : 'These are the newest.'}
      >
        Newest
      </Button>
      <Button onClick={older ?? undefined} blocked={older ? null : 'There is nothing older.'}>
        Older <ChevronRight size={16} aria-hidden />
      </Button>
    </nav>
  )
}

'use client'

import { ChevronLeft, ChevronRight } from 'lucide-react'
import { Button } from '@/app/ui/button'

interface CursorPagerProps {
  /** Null on the newest page. */
  newest: (() => void) | null
  /** Null when there is nothing older. */
  older: (() => void) | null
}

/** Pages of a history that grows at one end, where page numbers would shift. */
export function CursorPager({ newest, older }: CursorPagerProps) {
  if (!newest && !older) return null
  return (
    <nav aria-label="Pages" className="flex items-center justify-end gap-2 px-4 py-3 md:px-6">
      <Button
        icon={<ChevronLeft size={16} aria-hidden />}
        onClick={newest ?? undefined}
        blocked={newest ? null : 'This is the newest page.'}
      >
        Newest
      </Button>
      <Button onClick={older ?? undefined} blocked={older ? null : 'This is the oldest page.'}>
        Older <ChevronRight size={16} aria-hidden />
      </Button>
    </nav>
  )
}

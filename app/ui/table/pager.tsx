'use client'

import { ChevronLeft, ChevronRight } from 'lucide-react'
import { Button } from '@/app/ui/button'

interface PagerProps {
  /** Starts at 1. */
  page: number
  pageSize: number
  total: number
  onPage: (page: number) => void
}

export function Pager({ page, pageSize, total, onPage }: PagerProps) {
  const last = Math.max(1, Math.ceil(total / pageSize))
  if (last === 1) return null
  const from = (page - 1) * pageSize + 1
  return (
    <nav aria-label="Pages" className="flex items-center justify-end gap-2 px-4 py-3 md:px-6">
      <span className="mr-2 text-ink-2">
        {from}–{Math.min(total, from + pageSize - 1)} of {total}
      </span>
      <Button
        aria-label="Previous page"
        disabled={page <= 1}
        icon={<ChevronLeft size={16} aria-hidden />}
        onClick={() => onPage(page - 1)}
        className="disabled:border-line disabled:text-ink-3"
      />
      <Button
        aria-label="Next page"
        disabled={page >= last}
        icon={<ChevronRight size={16} aria-hidden />}
        onClick={() => onPage(page + 1)}
        className="disabled:border-line disabled:text-ink-3"
      />
    </nav>
  )
}

'use client'

import { Undo2, X } from 'lucide-react'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'
import { Button } from '@/app/ui/button'

interface Notice {
  text: string
  undo?: () => void
}

const NoticeContext = createContext<(notice: Notice) => void>(() => {})

/** Confirms a reversible action and offers to undo it. Errors are never shown here, but where they occurred. */
export const useNotice = (): ((notice: Notice) => void) => useContext(NoticeContext)

const shownMs = 10_000

export function NoticeProvider({ children }: { children: ReactNode }) {
  const [notice, setNotice] = useState<Notice | null>(null)
  const [held, setHeld] = useState(false)
  const show = useCallback((next: Notice) => setNotice(next), [])
  useEffect(() => {
    if (!notice || held) return
    const timer = setTimeout(() => setNotice(null), shownMs)
    return () => clearTimeout(timer)
  }, [notice, held])
  return (
    <NoticeContext value={show}>
      {children}
      <div
        role="status"
        className="pointer-events-none fixed inset-x-3 bottom-4 z-30 flex justify-center"
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
        onFocus={() => setHeld(true)}
        onBlur={() => setHeld(false)}
      >
        {notice && (
          <div className="appear pointer-events-auto flex min-w-0 items-center gap-1 rounded-overlay border border-line bg-raised py-1 pr-1 pl-3 shadow-overlay">
            <span className="min-w-0 truncate pr-2">{notice.text}</span>
            {notice.undo && (
              <Button
                variant="ghost"
                icon={<Undo2 size={14} aria-hidden />}
                onClick={() => {
                  notice.undo?.()
                  setNotice(null)
                }}
              >
                Undo
              </Button>
            )}
            <Button
              variant="ghost"
              aria-label="Dismiss"
              icon={<X size={14} aria-hidden />}
              onClick={() => setNotice(null)}
            />
          </div>
        )}
      </div>
    </NoticeContext>
  )
}

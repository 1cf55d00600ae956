'use client'

import { lazy, Suspense, useEffect } from 'react'

const OpenPalette = lazy(() => import('./open-palette'))

interface PaletteProps {
  open: boolean
  onOpenChange: (open: boolean) => void
}

/** Opens with Ctrl K or ⌘K on any page. */
export function Palette({ open, onOpenChange }: PaletteProps) {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.metaKey || event.ctrlKey) || event.altKey || event.shiftKey) return
      event.preventDefault()
      onOpenChange(!open)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [open, onOpenChange])
  return (
    open && (
      <Suspense>
        <OpenPalette close={() => onOpenChange(false)} />
      </Suspense>
    )
  )
}

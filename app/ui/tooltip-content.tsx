'use client'

import { autoUpdate, computePosition, flip, offset, shift } from '@floating-ui/dom'
import { type ComponentProps, useLayoutEffect, useRef } from 'react'
import { createPortal } from 'react-dom'
import { overlayHost } from './overlay-host'

interface TooltipContentProps extends ComponentProps<'div'> {
  anchor: Element
}

/** Positioned at its element and kept within the window. */
export default function TooltipContent({ anchor, ...rest }: TooltipContentProps) {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const element = box.current
    if (!element) return
    const place = async (): Promise<void> => {
      const middleware = [offset(6), flip({ padding: 8 }), shift({ padding: 8 })]
      const { x, y } = await computePosition(anchor, element, { strategy: 'fixed', placement: 'top', middleware })
      Object.assign(element.style, { left: `${x}px`, top: `${y}px` })
    }
    return autoUpdate(anchor, element, () => void place())
  }, [anchor])
  return createPortal(
    <div
      {...rest}
      ref={box}
      role="tooltip"
      className="appear fixed top-0 left-0 z-50 w-max max-w-72 rounded-overlay border border-line bg-raised px-2.5 py-1.5 text-meta text-ink shadow-overlay"
    />,
    // While a dialog is open, the rest of the page is hidden from screen readers.
    anchor.closest('[role="dialog"]') ?? overlayHost() ?? document.body,
  )
}

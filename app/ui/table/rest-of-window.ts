'use client'

import { type RefCallback, useCallback, useState } from 'react'

/**
 * A height that reaches from where the element begins to the window's lower edge, so that what scrolls inside is the only
 * scroll bar. A shorter one than the element's own least height is not used: then the page scrolls as well.
 */
export function useRestOfWindow(): { ref: RefCallback<HTMLElement>; height: string } {
  const [top, setTop] = useState(0)
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return
    const measure = (): void => setTop(Math.round(element.getBoundingClientRect().top + window.scrollY))
    measure()
    // What stands above it may grow or wrap: the page's own height changes with it.
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  return { ref, height: `calc(100dvh - ${top}px)` }
}

'use client'

import { type RefCallback, useCallback, useState } from 'react'

/**
 * The height from the top of the element to the bottom of the window, so that only its content scrolls. Never below the
 * element's minimum height: then the page scrolls, too.
 */
export function useRestOfWindow(): { ref: RefCallback<HTMLElement>; height: string } {
  const [top, setTop] = useState(0)
  const ref = useCallback((element: HTMLElement | null) => {
    if (!element) return
    const measure = (): void => setTop(Math.round(element.getBoundingClientRect().top + window.scrollY))
    measure()
    // Content above the element may grow or wrap, which changes the height of the page.
    const observer = new ResizeObserver(measure)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [])
  return { ref, height: `calc(100dvh - ${top}px)` }
}

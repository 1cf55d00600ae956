'use client'

import { type RefObject, useEffect, useState } from 'react'

/** A higher density would cost memory without a visible difference. */
const finest = 2

export const deviceScale = (): number => Math.min(finest, Math.max(1, window.devicePixelRatio))

/** Whether an element is in or near the window; others need not be drawn. */
export function useNear(element: RefObject<Element | null>): boolean {
  const [near, setNear] = useState(false)
  useEffect(() => {
    if (!element.current) return
    const observer = new IntersectionObserver((entries) => setNear(entries.some((entry) => entry.isIntersecting)), {
      rootMargin: '600px 0px',
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return near
}

/** Increments when the theme changes, because drawn pixels keep their colors. */
export function useThemeChanges(): number {
  const [changes, setChanges] = useState(0)
  useEffect(() => {
    const observer = new MutationObserver(() => setChanges((old) => old + 1))
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
    return () => observer.disconnect()
  }, [])
  return changes
}

/** Whether the user's pointer is a finger. */
export function useCoarsePointer(): boolean {
  const [coarse, setCoarse] = useState(false)
  useEffect(() => {
    const query = window.matchMedia('(pointer: coarse)')
    const note = (): void => setCoarse(query.matches)
    note()
    query.addEventListener('change', note)
    return () => query.removeEventListener('change', note)
  }, [])
  return coarse
}

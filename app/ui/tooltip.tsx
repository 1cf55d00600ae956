'use client'

import {
  type FocusEvent,
  lazy,
  type PointerEvent,
  type ReactNode,
  Suspense,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'

/** Loaded with its positioning library when the first tooltip shows. */
const TooltipContent = lazy(() => import('./tooltip-content'))

/** Delays before showing on hover and before hiding: long enough to move onto the tooltip and read it. */
const delayMs = { show: 250, hide: 100 }

/**
 * A text that shows on hover and on focus, until both have left or Escape is pressed. `wiring` goes to the explained
 * element and `overlay` next to it; `show` is for taps, because touch has no hover.
 */
export function useTooltip(text: ReactNode) {
  const id = useId()
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const [anchor, setAnchor] = useState<Element | null>(null)
  const set = (to: Element | null, afterMs = 0): void => {
    clearTimeout(timer.current)
    if (afterMs === 0) setAnchor(to)
    else timer.current = setTimeout(() => setAnchor(to), afterMs)
  }
  useEffect(() => () => clearTimeout(timer.current), [])
  const isShown = anchor !== null
  useEffect(() => {
    if (!isShown) return
    const listen = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      // Keeps Escape from closing the surrounding dialog.
      event.stopPropagation()
      setAnchor(null)
    }
    document.addEventListener('keydown', listen, true)
    return () => document.removeEventListener('keydown', listen, true)
  }, [isShown])
  const stays = { onPointerEnter: () => set(anchor), onPointerLeave: () => set(null, delayMs.hide) }
  return {
    show: (element: Element) => set(element),
    wiring: {
      'aria-describedby': isShown ? id : undefined,
      onPointerEnter: ({ pointerType, currentTarget }: PointerEvent) =>
        pointerType === 'mouse' && set(currentTarget, isShown ? 0 : delayMs.show),
      onPointerLeave: ({ pointerType }: PointerEvent) => pointerType === 'mouse' && set(null, delayMs.hide),
      onFocus: ({ currentTarget }: FocusEvent) => currentTarget.matches(':focus-visible') && set(currentTarget),
      onBlur: () => set(null),
    },
    overlay: anchor && (
      <Suspense>
        <TooltipContent id={id} anchor={anchor} {...stays}>
          {text}
        </TooltipContent>
      </Suspense>
    ),
  }
}

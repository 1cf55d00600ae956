'use client'

import { useEffect, useRef } from 'react'

/** Whether the focused element handles the key itself: text fields, lists, open dialogs and menus. */
function typingInto(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return true
  return target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null
}

/** Listens for keys on the whole page, except while the user types. The handler may change with every render. */
export function usePageKeys(handler: (event: KeyboardEvent) => void, enabled = true): void {
  const latest = useRef(handler)
  useEffect(() => {
    latest.current = handler
  })
  useEffect(() => {
    if (!enabled) return
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typingInto(event.target)) return
      // An open dialog blocks the keys of the page behind it, wherever the focus is.
      if (document.querySelector('[role="dialog"][data-state="open"]')) return
      latest.current(event)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [enabled])
}

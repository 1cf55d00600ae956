'use client'

import { useEffect, useRef } from 'react'

/** Whether a key press belongs to what has the focus: text fields, lists, open dialogs and menus. */
function typingInto(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return true
  return target.closest('[role="dialog"], [role="menu"], [role="listbox"]') !== null
}

/** Listens on the whole page, unless somebody is typing. The handler may change with every render. */
export function usePageKeys(handler: (event: KeyboardEvent) => void, enabled = true): void {
  const latest = useRef(handler)
  useEffect(() => {
    latest.current = handler
  })
  useEffect(() => {
    if (!enabled) return
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typingInto(event.target)) return
      // A dialog keeps the page behind it still, wherever the focus is.
      if (document.querySelector('[role="dialog"][data-state="open"]')) return
      latest.current(event)
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [enabled])
}

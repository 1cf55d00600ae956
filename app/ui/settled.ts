'use client'

import { useEffect, useState } from 'react'

/** The value once it has not changed for `ms`. */
export function useSettled<Value>(value: Value, pauseMs: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs)
    return () => clearTimeout(timer)
  }, [value, pauseMs])
  return settled
}

const noticedMs = 200

/** Whether content has been outdated long enough to show that: most answers arrive before the user would notice. */
export function useLongOutdated(outdated: boolean): boolean {
  return useSettled(outdated, noticedMs) && outdated
}

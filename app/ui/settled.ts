'use client'

import { useEffect, useState } from 'react'

/** The value once it has not changed for so long. */
export function useSettled<Value>(value: Value, pauseMs: number): Value {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs)
    return () => clearTimeout(timer)
  }, [value, pauseMs])
  return settled
}

const noticedMs = 200

/** Whether what is shown has been outdated for long enough to say so: most answers come before the eye asks for them. */
export function useLongOutdated(outdated: boolean): boolean {
  return useSettled(outdated, noticedMs) && outdated
}

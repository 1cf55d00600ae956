'use client'

import { useSyncExternalStore } from 'react'

/**
 * One clock for everything that ticks: a single interval however many ages the page shows. Runs on the server's time,
 * so that the age of a heartbeat is right even when the local clock is wrong.
 */
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let current = 0
let offsetMs = 0

/** Smaller differences are due to the network and the one-second resolution of the Date header. */
const toleratedMs = 3000

/** Sets the clock from the Date header of a response of our server. */
export function noteServerDate(header: string | null): void {
  const serverMs = header ? Date.parse(header) : Number.NaN
  if (Number.isNaN(serverMs)) return
  const difference = serverMs - Date.now()
  offsetMs = Math.abs(difference) > toleratedMs ? difference : 0
}

export const serverNow = (): number => Date.now() + offsetMs

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  if (timer === undefined) {
    current = serverNow()
    timer = setInterval(() => {
      current = serverNow()
      for (const each of listeners) each()
    }, 1000)
  }
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const snapshot = (): number => {
  if (current === 0) current = serverNow()
  return current
}

/** Milliseconds since 1970, updated every second; null during server rendering and hydration. */
export const useNow = (): number | null => useSyncExternalStore<number | null>(subscribe, snapshot, () => null)

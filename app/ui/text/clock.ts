'use client'

import { useSyncExternalStore } from 'react'

/**
 * One clock for all that ticks: a single interval, however many ages are on the page.
 * It runs on the server's time, so that the age of a heartbeat is right on a computer whose clock is not.
 */
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let current = 0
let offsetMs = 0

/** Differences below this come from the network and from the whole seconds of the Date header. */
const toleratedMs = 3000

/** Takes the Date header of an answer of our own server. */
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

/** Milliseconds since 1970, renewed each second; null while the page is rendered on the server or hydrated. */
export const useNow = (): number | null => useSyncExternalStore<number | null>(subscribe, snapshot, () => null)

'use client'

import { useSyncExternalStore } from 'react'
import { never } from './hydrated'

/** What opens the palette together with K: pages are drawn with Ctrl, and know it better once their program runs. */
export const useCommandKey = (): '⌘' | 'Ctrl' =>
  useSyncExternalStore(
    never,
    () => (/Mac|iP/.test(navigator.platform) ? '⌘' : 'Ctrl'),
    () => 'Ctrl',
  )

'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => undefined

/** What opens the palette together with K: pages are drawn with Ctrl, and know it better once their program runs. */
export const useCommandKey = (): '⌘' | 'Ctrl' =>
  useSyncExternalStore(
    never,
    () => (/Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'),
    () => 'Ctrl',
  )

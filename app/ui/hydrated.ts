'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => undefined

/** False while the page is only the server's HTML: what is typed before its program has arrived would be lost. */
export const useHydrated = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  )

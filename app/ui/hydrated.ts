'use client'

import { useSyncExternalStore } from 'react'

const never = () => () => undefined

/** False until the page is hydrated: text typed earlier would be lost. */
export const useHydrated = (): boolean =>
  useSyncExternalStore(
    never,
    () => true,
    () => false,
  )

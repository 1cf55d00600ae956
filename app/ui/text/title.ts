'use client'

import { useEffect } from 'react'

/** Sets the tab title of pages whose subject is known only after loading. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title) document.title = `${title} · Fogdeck`
  }, [title])
}

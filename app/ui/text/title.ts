'use client'

import { useEffect } from 'react'

/** The title of the tab, for pages whose subject is known only once it was read. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    if (title) document.title = `${title} · Fogdeck`
  }, [title])
}

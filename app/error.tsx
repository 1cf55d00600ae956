'use client'

import { ErrorState } from './ui/status/states'

export default function PageError({ error, retry }: { error: unknown; retry: () => void }) {
  return <ErrorState error={error} what="Could not show this page" onRetry={retry} className="md:px-6" />
}

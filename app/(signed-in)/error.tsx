'use client'

import { ErrorState } from '@/app/ui/status/states'

export default function PageError({ error, retry }: { error: unknown; retry: () => void }) {
  return <ErrorState error={error} what="This page could not be shown" onRetry={retry} className="md:px-6" />
}

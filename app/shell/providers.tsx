'use client'

import { QueryClientProvider } from '@tanstack/react-query'
import { ThemeProvider } from 'next-themes'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import { type ReactNode, useState } from 'react'
import { TRPCProvider } from '@/app/trpc'
import { NoticeProvider } from '@/app/ui/overlay/notice'
import { makeQueryClient, makeTrpcClient } from './client'

/** @param nonce for the script that sets the theme. */
export function Providers({ nonce, children }: { nonce: string; children: ReactNode }) {
  const [queryClient] = useState(makeQueryClient)
  const [trpcClient] = useState(makeTrpcClient)
  return (
    <ThemeProvider
      attribute="data-theme"
      disableTransitionOnChange
      nonce={nonce}
      // The script only works in server-rendered HTML; React warns about scripts that it renders on the client.
      scriptProps={{ type: typeof window === 'undefined' ? 'text/javascript' : 'text/plain' }}
    >
      <NuqsAdapter>
        <QueryClientProvider client={queryClient}>
          <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
            <NoticeProvider>{children}</NoticeProvider>
          </TRPCProvider>
        </QueryClientProvider>
      </NuqsAdapter>
    </ThemeProvider>
  )
}

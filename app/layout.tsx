import { GeistMono } from 'geist/font/mono'
import { GeistSans } from 'geist/font/sans'
import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import { pageNonce } from '@/server/session'
import { Providers } from './shell/providers'
import './globals.css'

export const metadata: Metadata = {
  title: { default: 'Fogdeck', template: '%s · Fogdeck' },
  description: 'Run containers on many small machines, and see why each replica runs where it does.',
  robots: { index: false, follow: false },
}

export const viewport: Viewport = {
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f6f7f7' },
    { media: '(prefers-color-scheme: dark)', color: '#131718' },
  ],
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = await pageNonce()
  return (
    // The theme is set on <html> before the first paint; the server can't know it.
    <html lang="en" className={`${GeistSans.variable} ${GeistMono.variable}`} suppressHydrationWarning>
      <body>
        <Providers nonce={nonce}>{children}</Providers>
      </body>
    </html>
  )
}

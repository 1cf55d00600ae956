import type { ReactNode } from 'react'
import { LiveProvider } from '@/app/features/live/provider'
import { MeProvider } from '@/app/features/session/me'
import { Shell } from '@/app/shell/shell'
import { currentUser } from '@/server/session'

/**
 * Renders no frame without a session; the page itself redirects to the login page (app/features/session/signed-in.ts).
 */
export default async function SignedInLayout({ children }: { children: ReactNode }) {
  const user = await currentUser()
  if (!user) return children
  return (
    <MeProvider me={user}>
      <LiveProvider>
        <Shell>{children}</Shell>
      </LiveProvider>
    </MeProvider>
  )
}

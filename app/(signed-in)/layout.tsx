import type { ReactNode } from 'react'
import { LiveProvider } from '@/app/features/live/provider'
import { currentUser } from '@/server/api/http/session'
import { MeProvider } from '../shell/me'
import { Shell } from '../shell/shell'

/** Without a session there is no frame; the page itself leads to the login page (app/shell/signed-in.ts). */
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

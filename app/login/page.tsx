import type { Metadata } from 'next'
import { redirect } from 'next/navigation'
import { leaveReasons } from '@/app/features/session/leave'
import { safeNextPath } from '@/app/features/session/next-path'
import type { SearchParams } from '@/app/features/session/signed-in'
import { LoginForm } from '@/app/features/sign-in/login-form'
import { Brand } from '@/app/shell/brand'
import { currentUser } from '@/server/session'

export const metadata: Metadata = { title: 'Sign in' }

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

export default async function LoginPage({ searchParams }: { searchParams: SearchParams }) {
  const params = await searchParams
  const next = safeNextPath(first(params.next))
  if (await currentUser()) redirect(next)
  const reason = first(params.reason)
  return (
    <main className="mx-auto flex min-h-dvh max-w-80 flex-col justify-center px-4 pb-[12dvh]">
      <Brand className="text-title" />
      <h1 className="mt-8 mb-4 text-lead font-semibold">Sign in</h1>
      {reason !== undefined && reason in leaveReasons && (
        <p className="mb-4 border-l-2 border-control pl-3 text-ink-2">
          {leaveReasons[reason as keyof typeof leaveReasons]}
        </p>
      )}
      <LoginForm next={next} />
    </main>
  )
}

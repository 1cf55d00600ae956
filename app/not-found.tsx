import type { Metadata } from 'next'
import { Brand } from './shell/brand'
import { ButtonLink } from './ui/button'

export const metadata: Metadata = { title: 'Not found' }

export default function NotFound() {
  return (
    <main className="mx-auto max-w-md px-6 py-24">
      <Brand />
      <h1 className="mt-8 text-title font-semibold tracking-tight">Page not found</h1>
      <p className="mt-2 text-ink-2">The link may be old or mistyped.</p>
      <div className="mt-6 flex gap-2">
        <ButtonLink href="/deployments" variant="primary">
          Deployments
        </ButtonLink>
        <ButtonLink href="/nodes">Nodes</ButtonLink>
      </div>
    </main>
  )
}

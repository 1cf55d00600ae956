import Link from 'next/link'
import type { ReactNode } from 'react'
import { cn } from '@/app/ui/cn'

/** The main link of a row. Not prefetched: a list of fifty would send fifty requests. */
export function RowLink({ href, children, className }: { href: string; children: ReactNode; className?: string }) {
  return (
    <Link
      href={href}
      prefetch={false}
      data-row-link
      className={cn(
        'inline-block max-w-full truncate rounded-mark py-0.5 align-middle font-medium text-ink focus-visible:-outline-offset-1',
        className,
      )}
    >
      {children}
    </Link>
  )
}

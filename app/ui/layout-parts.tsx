import Link from 'next/link'
import type { ReactNode } from 'react'
import { cn } from './cn'

interface PageHeaderProps {
  title: ReactNode
  /** The parent page, linked above the title. */
  parent?: { href: string; label: string }
  /** A line of facts below the title. */
  meta?: ReactNode
  actions?: ReactNode
}

export function PageHeader({ title, parent, meta, actions }: PageHeaderProps) {
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3 px-4 pt-5 pb-4 md:px-6">
      <div className="min-w-0">
        {parent && (
          <Link href={parent.href} className="text-meta text-ink-3 hover:text-ink">
            {parent.label}
          </Link>
        )}
        <h1 className="text-title font-semibold tracking-tight break-words">{title}</h1>
        {meta && <div className="mt-1 text-ink-2">{meta}</div>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  )
}

interface SectionProps {
  title: ReactNode
  meta?: ReactNode
  actions?: ReactNode
  children: ReactNode
  /** For tables, which extend to the edges; text keeps the margin of the page. */
  flush?: boolean
  className?: string
}

/** Sections are separated by a line, not by boxes. */
export function Section({ title, meta, actions, children, flush = false, className }: SectionProps) {
  return (
    <section className={cn('border-t border-line py-4', className)}>
      <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-4 md:px-6">
        <div className="min-w-0">
          <h2 className="font-semibold">{title}</h2>
          {meta && <div className="text-meta text-ink-3">{meta}</div>}
        </div>
        {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
      </div>
      <div className={flush ? '' : 'px-4 md:px-6'}>{children}</div>
    </section>
  )
}

interface FactsProps {
  facts: { name: string; value: ReactNode }[]
  /** For the width of a dialog. */
  narrow?: boolean
  className?: string
}

/** Name–value pairs with the facts of one thing. */
export function Facts({ facts, narrow = false, className }: FactsProps) {
  const columns = narrow ? 'gap-x-4 gap-y-2 sm:grid-cols-4' : 'gap-x-6 gap-y-3 sm:grid-cols-3 lg:grid-cols-6'
  return (
    <dl className={cn('grid grid-cols-2', columns, className)}>
      {facts.map(({ name, value }) => (
        <div key={name} className="min-w-0">
          <dt className="text-meta text-ink-3">{name}</dt>
          <dd className="break-words">{value}</dd>
        </div>
      ))}
    </dl>
  )
}

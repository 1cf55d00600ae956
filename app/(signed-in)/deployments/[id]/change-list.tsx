import { ArrowRight } from 'lucide-react'
import type { SpecChange } from '@/server/domain/revision'

/** What differs between two revisions, a line each. */
export function ChangeList({ changes }: { changes: SpecChange[] }) {
  return (
    <ul aria-label="What changes">
      {changes.map(({ what, from, to }) => (
        <li key={what} className="flex flex-wrap items-baseline gap-x-2">
          <span className="text-ink-3">{what}</span>
          <del className="min-w-0 break-all text-ink-2">{from}</del>
          <ArrowRight size={12} aria-label="becomes" className="shrink-0 self-center text-ink-3" />
          <ins className="min-w-0 break-all no-underline">{to}</ins>
        </li>
      ))}
    </ul>
  )
}

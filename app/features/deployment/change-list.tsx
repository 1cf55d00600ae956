import { ArrowRight } from 'lucide-react'
import type { SpecChange } from '@/core/deployments/revision'

/** The differences between two revisions, one per line. */
export function ChangeList({ changes }: { changes: SpecChange[] }) {
  return (
    <ul aria-label="Changes" className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-3">
      {changes.map(({ what, from, to }) => (
        <li key={what} className="col-span-2 grid grid-cols-subgrid items-baseline">
          <span className="text-ink-3">{what}</span>
          <span className="wrap-anywhere">
            <del className="text-ink-2">{from}</del>
            <ArrowRight size={12} aria-label="becomes" className="mx-2 inline text-ink-3" />
            <ins className="no-underline">{to}</ins>
          </span>
        </li>
      ))}
    </ul>
  )
}

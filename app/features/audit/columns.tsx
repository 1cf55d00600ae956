import Link from 'next/link'
import type { Column } from '@/app/ui/table/column'
import { ExactTime, Time } from '@/app/ui/text/time'
import type { AuditEntry } from '@/core/audit/audit'
import { changeText, textOf } from '@/core/audit/labels'
import { pageOf } from './subject-page'

export function SubjectLink({ subject }: { subject: AuditEntry['subject'] }) {
  const page = pageOf(subject)
  if (page === null) return <span title={subject.name}>{subject.name}</span>
  return (
    <Link
      href={page}
      prefetch={false}
      title={subject.name}
      className="inline-block max-w-full truncate rounded-mark align-middle font-medium text-ink hover:underline focus-visible:-outline-offset-1"
    >
      {subject.name}
    </Link>
  )
}

/** "ann", or "ann via nightly report" when done with an API token. */
const whoText = ({ actor, apiToken }: AuditEntry): string => (apiToken === null ? actor : `${actor} via ${apiToken}`)

export const auditColumns = (open: (entry: AuditEntry) => void): Column<AuditEntry>[] => [
  {
    id: 'at',
    header: 'Time',
    width: 'clamp(84px, 20vw, 290px)',
    cell: ({ at }) => (
      <span className="flex items-baseline gap-2">
        <Time at={at} />
        <ExactTime at={at} className="truncate text-meta text-ink-3 max-lg:hidden" />
      </span>
    ),
  },
  {
    id: 'actor',
    header: 'Actor',
    width: 'clamp(72px, 12vw, 200px)',
    from: 'sm',
    cell: (entry) => <span title={whoText(entry)}>{whoText(entry)}</span>,
  },
  {
    id: 'action',
    header: 'Action',
    width: 'clamp(150px, 15vw, 190px)',
    cell: (entry) => (
      <button
        type="button"
        data-row-link
        aria-haspopup="dialog"
        onClick={() => open(entry)}
        className="max-w-full truncate rounded-mark align-middle underline decoration-control underline-offset-2 hover:decoration-ink focus-visible:-outline-offset-1"
      >
        {textOf(entry.action)}
      </button>
    ),
  },
  { id: 'subject', header: 'Target', cell: ({ subject }) => <SubjectLink subject={subject} /> },
  {
    id: 'change',
    header: 'Change',
    from: 'lg',
    cell: (entry) => (
      <span className="text-ink-2" title={changeText(entry)}>
        {changeText(entry)}
      </span>
    ),
  },
  {
    id: 'address',
    header: 'From',
    width: '120px',
    from: '2xl',
    cell: ({ address }) => (address ? <span title={address}>{address}</span> : <span className="text-ink-3">—</span>),
  },
]

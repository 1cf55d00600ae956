import Link from 'next/link'
import { deploymentStyles, nodeStyles, replicaStyles, StatusBadge } from '@/app/ui/status/status'
import { StatusIcon } from '@/app/ui/status/status-icon'
import type { Column } from '@/app/ui/table/column'
import { ExactTime, Time } from '@/app/ui/text/time'
import { textOf } from '@/core/audit/labels'
import type { FleetEvent } from '@/core/insight/events'

const paths: Partial<Record<FleetEvent['subject']['type'], string>> = { deployment: '/deployments', node: '/nodes' }

function SubjectLink({ subject }: { subject: FleetEvent['subject'] }) {
  const path = paths[subject.type]
  if (!path || !subject.id) return <span title={subject.name}>{subject.name}</span>
  return (
    <Link
      href={`${path}/${subject.id}`}
      prefetch={false}
      data-row-link
      title={subject.name}
      className="inline-block max-w-full truncate rounded-mark align-middle font-medium text-ink hover:underline focus-visible:-outline-offset-1"
    >
      {subject.name}
    </Link>
  )
}

/** The new status or the action: "Running", "Joined", "Created a user". */
function What({ event }: { event: FleetEvent }) {
  if (event.status?.of === 'deployment') return <StatusBadge statusStyle={deploymentStyles[event.status.to]} />
  if (event.status?.of === 'replica') return <StatusBadge statusStyle={replicaStyles[event.status.to]} />
  if (event.kind === 'node' && event.action === 'offline') return <StatusBadge statusStyle={nodeStyles.offline} />
  return (
    <span className="inline-flex items-center gap-1.5 align-top whitespace-nowrap text-ink-2">
      <StatusIcon name="none" className="shrink-0 text-ink-3" />
      {event.kind === 'person' ? textOf(event.action) : capitalized(event.action)}
    </span>
  )
}

/** "engine-error" → "Engine error" */
const capitalized = (kind: string): string => (kind.charAt(0).toUpperCase() + kind.slice(1)).replace(/-/g, ' ')

export const eventColumns: Column<FleetEvent>[] = [
  {
    id: 'at',
    header: 'Time',
    width: 'clamp(84px, 24vw, 330px)',
    cell: ({ at }) => (
      <span className="flex items-baseline gap-2">
        <Time at={at} />
        <ExactTime at={at} className="truncate text-meta text-ink-3 max-lg:hidden" />
      </span>
    ),
  },
  {
    id: 'subject',
    header: 'Target',
    width: 'clamp(110px, 22vw, 260px)',
    cell: ({ subject }) => <SubjectLink subject={subject} />,
  },
  { id: 'what', header: 'Event', width: 'clamp(112px, 16vw, 170px)', cell: (event) => <What event={event} /> },
  {
    id: 'detail',
    header: 'Detail',
    from: 'md',
    cell: ({ detail }) => (
      <span className="text-ink-2" title={detail}>
        {detail}
      </span>
    ),
  },
  { id: 'actor', header: 'Actor', width: '120px', from: 'lg', cell: ({ actor }) => actor },
]

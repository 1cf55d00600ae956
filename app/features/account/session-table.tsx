'use client'

import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { StatusIcon } from '@/app/ui/status/status-icon'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { Time } from '@/app/ui/text/time'
import type { SessionView } from '@/core/accounts/sessions'

interface SessionTableProps {
  caption: string
  sessions: SessionView[]
  /** The session that is being ended. */
  ending: string | null
  /** Why the last attempt to end one failed. */
  problem: string | null
  onEnd: (session: SessionView) => void
}

const kinds: Record<SessionView['kind'], string> = { browser: 'Browser', program: 'Program' }

const nameOf = ({ device, kind }: SessionView): string => device ?? kinds[kind]

type ColumnParts = Pick<SessionTableProps, 'sessions' | 'ending' | 'onEnd'>

const columnsOf = ({ sessions, ending, onEnd }: ColumnParts): Column<SessionView>[] => [
  {
    id: 'device',
    header: 'Device',
    cell: (session) => (
      <span className="font-medium" title={nameOf(session)}>
        {nameOf(session)}
      </span>
    ),
  },
  {
    id: 'kind',
    header: 'Kind',
    width: '92px',
    from: 'md',
    cell: ({ kind }) => <span className="text-ink-2">{kinds[kind]}</span>,
  },
  {
    id: 'address',
    header: 'Address',
    width: 'clamp(112px, 12vw, 160px)',
    cell: (session) => <Address session={session} />,
  },
  {
    id: 'seen',
    header: 'Last seen',
    width: '104px',
    from: 'sm',
    cell: ({ lastSeenAt }) => <Time at={lastSeenAt} className="text-ink-2" />,
  },
  {
    id: 'began',
    header: 'Signed in',
    width: '104px',
    from: 'lg',
    cell: ({ createdAt }) => <Time at={createdAt} className="text-ink-2" />,
  },
  {
    id: 'expires',
    header: 'Expires',
    width: '104px',
    from: 'xl',
    cell: ({ expiresAt }) => <Time at={expiresAt} className="text-ink-2" />,
  },
  {
    id: 'actions',
    header: <span className="sr-only">Actions</span>,
    width: sessions.some(({ current }) => current) ? '112px' : '72px',
    align: 'right',
    whole: true,
    cell: (session) =>
      session.current ? (
        <span className="inline-flex items-center gap-1 align-top text-healthy text-meta">
          <StatusIcon name="running" /> this session
        </span>
      ) : (
        <Button
          variant="ghost"
          size="sm"
          aria-label={`End ${nameOf(session)} from ${session.address ?? 'an unknown address'}`}
          busy={ending === session.id}
          onClick={() => onEnd(session)}
        >
          End
        </Button>
      ),
  },
]

export function SessionTable({ caption, sessions, ending, problem, onEnd }: SessionTableProps) {
  return (
    <>
      {problem && (
        <div className="px-4 py-3 md:px-6">
          <FieldError>{problem}</FieldError>
        </div>
      )}
      <Table
        caption={caption}
        columns={columnsOf({ sessions, ending, onEnd })}
        rows={sessions}
        rowKey={({ id }) => id}
      />
    </>
  )
}

function Address({ session: { address, lastAddress } }: { session: SessionView }) {
  if (address === null && lastAddress === null) return <span className="text-ink-3">unknown</span>
  const title = `${lastAddress ?? address}${lastAddress === null ? '' : `, signed in from ${address ?? 'an unknown address'}`}`
  return (
    <span className="block truncate font-mono text-meta text-ink-2" title={title}>
      {lastAddress ?? address}
    </span>
  )
}

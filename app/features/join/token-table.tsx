'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { Empty } from '@/app/ui/status/states'
import { StatusBadge, type StatusStyle } from '@/app/ui/status/status'
import type { IconName } from '@/app/ui/status/status-icon'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { errorSentence } from '@/app/ui/text/errors'
import { plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { JoinTokenView } from '@/core/views/accounts'

const statusStyle = (label: string, icon: IconName, color: StatusStyle['color'], explanation: string): StatusStyle => ({
  label,
  icon,
  color,
  explanation,
})

const statusStyles: Record<JoinTokenView['state'], StatusStyle> = {
  usable: statusStyle('Active', 'ready', 'healthy', 'Nodes can join with it.'),
  'used up': statusStyle('Exhausted', 'stopped', 'quiet', 'The maximum number of nodes has joined.'),
  expired: statusStyle('Expired', 'stopped', 'quiet', 'It has expired.'),
  revoked: statusStyle('Revoked', 'deleted', 'quiet', 'It was revoked. Nodes that joined with it stay.'),
}

const columnsOf = (onRevoke: (token: JoinTokenView) => void): Column<JoinTokenView>[] => [
  {
    id: 'name',
    header: 'Name',
    cell: ({ name }) => (
      <span className="font-medium" title={name}>
        {name}
      </span>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '100px',
    cell: ({ state }) => <StatusBadge statusStyle={statusStyles[state]} />,
  },
  {
    id: 'joined',
    header: 'Joined',
    width: '112px',
    align: 'right',
    from: 'sm',
    cell: ({ joinedNodes, maxNodes }) =>
      maxNodes === null ? plural(joinedNodes, 'node') : `${joinedNodes} of ${plural(maxNodes, 'node')}`,
  },
  {
    id: 'expires',
    header: 'Expires',
    width: '104px',
    from: 'md',
    cell: ({ expiresAt }) => <Time at={expiresAt} className="text-ink-2" />,
  },
  { id: 'nodes', header: 'Nodes', width: '30%', from: 'sm', cell: (token) => <JoinedNodes token={token} /> },
  { id: 'by', header: 'Created by', width: '100px', from: 'lg', cell: ({ createdBy }) => createdBy },
  {
    id: 'actions',
    header: <span className="sr-only">Actions</span>,
    width: '92px',
    align: 'right',
    whole: true,
    cell: (token) =>
      token.state === 'usable' && (
        <Button variant="ghost" size="sm" aria-label={`Revoke ${token.name}`} onClick={() => onRevoke(token)}>
          Revoke
        </Button>
      ),
  },
]

export function TokenTable({ tokens }: { tokens: JoinTokenView[] }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [revoking, setRevoking] = useState<JoinTokenView | null>(null)
  const revoke = useMutation(
    trpc.joinToken.revoke.mutationOptions({
      onSuccess: async () => {
        setRevoking(null)
        await queries.invalidateQueries({ queryKey: trpc.joinToken.list.queryKey() })
      },
    }),
  )
  if (tokens.length === 0)
    return (
      <Empty title="No tokens yet">
        Create one above. A token lets nodes join, up to its limit and until it expires.
      </Empty>
    )
  return (
    <>
      <Table
        caption="Join tokens, newest first"
        columns={columnsOf(setRevoking)}
        rows={tokens}
        rowKey={(token) => token.id}
      />
      {revoking && (
        <ConfirmDialog
          open
          onClose={() => setRevoking(null)}
          title={`Revoke “${revoking.name}”?`}
          typeName={revoking.name}
          action="Revoke"
          busy={revoke.isPending}
          error={revoke.error ? errorSentence(revoke.error) : null}
          onConfirm={() => revoke.mutate({ id: revoking.id })}
        >
          No more nodes can join with it. Nodes that joined with it stay. This can't be undone.
        </ConfirmDialog>
      )}
    </>
  )
}

function JoinedNodes({ token: { nodes, joinedNodes } }: { token: JoinTokenView }) {
  const more = joinedNodes - nodes.length
  if (nodes.length === 0) return <span className="text-ink-3">none</span>
  return (
    <span title={nodes.map(({ nodeId }) => nodeId).join(', ')}>
      {nodes.map(({ id, nodeId }, index) => (
        <span key={id}>
          {index > 0 && ', '}
          <Link href={`/nodes/${id}`} prefetch={false} className="hover:underline">
            {nodeId}
          </Link>
        </span>
      ))}
      {more > 0 && ` and ${more} more`}
    </span>
  )
}

'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { StatusBadge, type StatusStyle } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { Table } from '@/app/ui/table/table'
import { errorSentence } from '@/app/ui/text/errors'
import { Time } from '@/app/ui/text/time'
import type { ApiTokenView } from '@/core/views/accounts'

const statusStyles: Record<ApiTokenView['state'], StatusStyle> = {
  usable: { label: 'Active', icon: 'ready', color: 'healthy', explanation: 'Programs can use it.' },
  expired: { label: 'Expired', icon: 'stopped', color: 'quiet', explanation: 'It has expired.' },
  revoked: { label: 'Revoked', icon: 'deleted', color: 'quiet', explanation: 'It was revoked.' },
  'owner disabled': {
    label: 'Off',
    icon: 'lock',
    color: 'slate',
    explanation: 'Its owner is disabled. Enabling the account reactivates the token.',
  },
}

const ownerColumn: Column<ApiTokenView> = {
  id: 'owner',
  header: 'Owner',
  width: 'clamp(76px, 12vw, 180px)',
  cell: ({ owner }) => <span title={owner}>{owner}</span>,
}

const columnsOf = (withOwner: boolean, onRevoke: (token: ApiTokenView) => void): Column<ApiTokenView>[] => [
  {
    id: 'name',
    header: 'Name',
    cell: ({ name, state }) => (
      <span className="block max-sm:py-1.5">
        <span className="block truncate font-medium" title={name}>
          {name}
        </span>
        <span className="block truncate text-meta text-ink-2 sm:hidden">{statusStyles[state].label}</span>
      </span>
    ),
  },
  ...(withOwner ? [ownerColumn] : []),
  { id: 'scope', header: 'Scope', width: 'clamp(76px, 12vw, 150px)', cell: (token) => <Scope token={token} /> },
  {
    id: 'state',
    header: 'State',
    width: '96px',
    from: 'sm',
    cell: ({ state }) => <StatusBadge statusStyle={statusStyles[state]} />,
  },
  {
    id: 'used',
    header: 'Last used',
    width: '104px',
    from: withOwner ? 'lg' : 'md',
    cell: ({ lastUsedAt }) =>
      lastUsedAt ? <Time at={lastUsedAt} className="text-ink-2" /> : <span className="text-ink-3">never</span>,
  },
  {
    id: 'expires',
    header: 'Expires',
    width: '104px',
    from: 'lg',
    cell: ({ expiresAt }) =>
      expiresAt ? <Time at={expiresAt} className="text-ink-2" /> : <span className="text-ink-3">never</span>,
  },
  {
    id: 'made',
    header: 'Created',
    width: '104px',
    from: 'xl',
    cell: ({ createdAt }) => <Time at={createdAt} className="text-ink-2" />,
  },
  {
    id: 'actions',
    header: <span className="sr-only">Actions</span>,
    width: '92px',
    align: 'right',
    whole: true,
    cell: (token) =>
      (token.state === 'usable' || token.state === 'owner disabled') && (
        <Button variant="ghost" size="sm" aria-label={`Revoke ${token.name}`} onClick={() => onRevoke(token)}>
          Revoke
        </Button>
      ),
  },
]

interface TokenTableProps {
  caption: string
  tokens: ApiTokenView[]
  /** Shows the owners, for the list of all users' tokens. */
  withOwner?: boolean
}

export function TokenTable({ caption, tokens, withOwner = false }: TokenTableProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [revoking, setRevoking] = useState<ApiTokenView | null>(null)
  const revoke = useMutation(
    trpc.apiToken.revoke.mutationOptions({
      onSuccess: async () => {
        setRevoking(null)
        await queries.invalidateQueries({ queryKey: trpc.apiToken.pathKey() })
      },
    }),
  )
  const ask = (token: ApiTokenView): void => {
    revoke.reset()
    setRevoking(token)
  }
  return (
    <>
      <Table caption={caption} columns={columnsOf(withOwner, ask)} rows={tokens} rowKey={(token) => token.id} />
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
          Programs that use it lose access at once. This can't be undone.
        </ConfirmDialog>
      )}
    </>
  )
}

/** A token never has more access than its owner. */
function Scope({ token: { scope, role, owner } }: { token: ApiTokenView }) {
  if (scope === role) return scope
  const why = `Created for ${scope}, but ${owner} is ${role} now.`
  return (
    <span title={why}>
      {scope} <span className="text-meta text-ink-3">acts as {role}</span>
    </span>
  )
}

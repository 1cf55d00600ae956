'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { errorSentence } from '@/app/ui/text/errors'
import { plural } from '@/app/ui/text/format'
import type { OutageMove } from '@/core/views/node-loss'

/** Shows which replicas would move before moving them. */
export default function OverrideDialog({ region, onClose }: { region: string; onClose: () => void }) {
  const trpc = useTRPC()
  const client = useQueryClient()
  const moves = useQuery(trpc.outage.moves.queryOptions({ region }))
  const override = useMutation(
    trpc.outage.override.mutationOptions({
      onSuccess: async () => {
        onClose()
        await client.invalidateQueries({ queryKey: trpc.outage.list.queryKey() })
      },
    }),
  )
  const error = override.error ?? moves.error
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Move the replicas of ${region}`}
      typeName={region}
      action="Move them"
      busy={override.isPending}
      error={error && errorSentence(error)}
      onConfirm={() => override.mutate({ region })}
    >
      <p>
        Replicas on its offline nodes are declared lost and started elsewhere, where they fit. If the nodes are still
        running, both copies run until the nodes report again; then the old copies are stopped.
      </p>
      {moves.data ? <Moves {...moves.data} /> : <p className="mt-3 text-ink-3">Loading…</p>}
    </ConfirmDialog>
  )
}

function Moves({ total, moves }: { total: number; moves: OutageMove[] }) {
  if (total === 0) return <p className="mt-3">No replicas would move: none are desired on its offline nodes.</p>
  return (
    <>
      <p className="mt-3 font-medium text-ink">{plural(total, 'replica')} would move:</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls must be reachable by keyboard */}
      <ul tabIndex={0} aria-label="What would move" className="mt-1 max-h-48 overflow-y-auto">
        {moves.map(({ replicaId, deploymentName, slot, nodeId }) => (
          <li key={replicaId} className="flex justify-between gap-4">
            <span className="min-w-0 truncate">
              {deploymentName} <span className="text-ink-3">replica {slot + 1}</span>
            </span>
            <span className="shrink-0">{nodeId}</span>
          </li>
        ))}
        {total > moves.length && <li className="text-ink-3">and {plural(total - moves.length, 'more')}</li>}
      </ul>
    </>
  )
}

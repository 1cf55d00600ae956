'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { LogOut, ShieldAlert, Trash2, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { drillHref } from '@/app/features/drill/drill-view'
import { CordonButton } from '@/app/features/nodes/cordon-button'
import { DrainDialog } from '@/app/features/nodes/drain-dialog'
import { useCordon } from '@/app/features/nodes/use-cordon'
import { useBlocked } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { Button, ButtonLink } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { ConfirmDialog } from '@/app/ui/overlay/dialog'
import { errorSentence } from '@/app/ui/text/errors'
import { plural } from '@/app/ui/text/format'
import type { NodeView } from '@/core/views/nodes'

interface NodeActionsProps {
  node: NodeView
  /** Replicas with a reservation on the node, including those being stopped. */
  held: number
}

export function NodeActions({ node, held }: NodeActionsProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [open, setOpen] = useState<'drain' | 'remove' | null>(null)
  const mayDrain = useBlocked('nodes.drain', 'drain nodes')
  const mayRemove = useBlocked('nodes.manage', 'remove nodes')
  const reread = () => queries.invalidateQueries({ queryKey: trpc.node.pathKey() })
  const cordon = useCordon()
  const undrain = useMutation(trpc.node.undrain.mutationOptions({ onSuccess: reread }))
  const remove = useMutation(
    trpc.node.remove.mutationOptions({
      onSuccess: async () => {
        setOpen(null)
        await reread()
      },
    }),
  )
  if (node.removedAt) return null
  const inMaintenance = node.status === 'maintenance'
  const close = () => setOpen(null)
  /** For a drained node that was cordoned before its drain, one press removes both. */
  const serveAgain = async (): Promise<void> => {
    await undrain.mutateAsync({ id: node.id })
    if (node.cordoned && held === 0 && !inMaintenance) cordon.set([node], false)
  }
  return (
    <div>
      <div className="flex flex-wrap gap-2 sm:justify-end">
        <ButtonLink href={drillHref('node', node.nodeId)} icon={<ShieldAlert size={14} aria-hidden />}>
          What if it failed?
        </ButtonLink>
        {!node.draining && !inMaintenance && <CordonButton node={node} />}
        {node.draining || inMaintenance ? (
          <Button
            icon={<Undo2 size={14} aria-hidden />}
            busy={undrain.isPending}
            blocked={mayDrain}
            onClick={() => void serveAgain()}
          >
            {inMaintenance ? 'End maintenance' : held > 0 ? 'Cancel drain' : 'Uncordon'}
          </Button>
        ) : (
          <Button icon={<LogOut size={14} aria-hidden />} blocked={mayDrain} onClick={() => setOpen('drain')}>
            Drain
          </Button>
        )}
        <Button
          variant="danger"
          icon={<Trash2 size={14} aria-hidden />}
          blocked={mayRemove ?? whyNotRemoved(node, held)}
          onClick={() => setOpen('remove')}
        >
          Remove
        </Button>
      </div>
      {undrain.error && <FieldError className="mt-1">{errorSentence(undrain.error)}</FieldError>}
      {open === 'drain' && <DrainDialog nodes={[node]} onClose={close} />}
      <ConfirmDialog
        open={open === 'remove'}
        onClose={close}
        title={`Remove ${node.nodeId} from the fleet?`}
        typeName={node.nodeId}
        action="Remove"
        busy={remove.isPending}
        error={remove.error ? errorSentence(remove.error) : null}
        onConfirm={() => remove.mutate({ id: node.id, lost_name: held > 0 ? node.nodeId : null })}
      >
        {held > 0 && (
          <p className="mb-2 text-failed">
            It is offline and held {plural(held, 'replica')}: they are declared lost and placed elsewhere. Containers
            still running on the node are no longer managed.
          </p>
        )}
        Its agent will be refused and its name becomes available. This can't be undone; its history is kept.
      </ConfirmDialog>
    </div>
  )
}

/** A node can be removed when it is empty, or when it is offline. */
const whyNotRemoved = ({ nodeId, status }: NodeView, held: number): string | null =>
  held > 0 && status !== 'offline' ? `${nodeId} holds ${plural(held, 'replica')}: drain it first.` : null

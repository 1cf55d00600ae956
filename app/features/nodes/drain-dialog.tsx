'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Checkbox, FieldError } from '@/app/ui/form/field'
import { Dialog } from '@/app/ui/overlay/dialog'
import { useNotice } from '@/app/ui/overlay/notice'
import { QueryView } from '@/app/ui/status/query-view'
import { errorSentence } from '@/app/ui/text/errors'
import { formatList, plural } from '@/app/ui/text/format'
import { DrainPreviewList } from './drain-preview'

interface DrainDialogProps {
  nodes: { id: string; nodeId: string }[]
  onClose: () => void
  onDone?: () => void
}

/** Previews a drain and confirms it. Mount the component to open the dialog. */
export function DrainDialog({ nodes, onClose, onDone }: DrainDialogProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [maintenance, setMaintenance] = useState(false)
  const preview = useQuery(trpc.node.drainPreview.queryOptions({ ids: nodes.map(({ id }) => id) }))
  const drain = useMutation(trpc.node.drain.mutationOptions())
  const undrain = useMutation(trpc.node.undrain.mutationOptions())
  const reread = () => queries.invalidateQueries({ queryKey: trpc.node.pathKey() })
  const names = nodes.length <= 3 ? formatList(nodes.map(({ nodeId }) => nodeId)) : plural(nodes.length, 'node')

  const start = useMutation({
    mutationFn: () => Promise.all(nodes.map(({ id }) => drain.mutateAsync({ id, maintenance }))),
    onSettled: reread,
    onSuccess: () => {
      onDone?.()
      onClose()
      notice({
        text: `Draining ${names}`,
        undo: () =>
          void Promise.all(nodes.map(({ id }) => undrain.mutateAsync({ id })))
            .catch((error) => notice({ text: errorSentence(error) }))
            .finally(() => void reread()),
      })
    },
  })
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Drain ${names}?`}
      description="Each replica keeps running until its replacement is up. You can cancel."
    >
      <div className="space-y-4">
        <QueryView query={preview} inset failed="Could not run the scheduler" loading="Asking the scheduler">
          {(moves) => <DrainPreviewList preview={moves} several={nodes.length > 1} />}
        </QueryView>
        <Checkbox
          label="Then start maintenance"
          hint="Once drained, the node stays out of service until you end maintenance."
          checked={maintenance}
          onChange={(event) => setMaintenance(event.target.checked)}
        />
        {start.error && <FieldError>{errorSentence(start.error)}</FieldError>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={start.isPending} onClick={() => start.mutate()}>
            Drain
          </Button>
        </div>
      </div>
    </Dialog>
  )
}

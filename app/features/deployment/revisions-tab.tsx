'use client'

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Undo2 } from 'lucide-react'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input } from '@/app/ui/form/field'
import { Dialog } from '@/app/ui/overlay/dialog'
import { QueryView } from '@/app/ui/status/query-view'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { CopyButton } from '@/app/ui/text/copy'
import { curlText } from '@/app/ui/text/curl'
import { errorSentence } from '@/app/ui/text/errors'
import { plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import { changesText, specChanges } from '@/core/deployments/revision'
import type { DeploymentDetail, RevisionView } from '@/core/views/deployments'
import { ChangeList } from './change-list'
import { ImageContent } from './image-content'

/** Every revision with its changes and a button to roll back to it. */
export function RevisionsTab({ deployment }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.deployment.revisions.queryOptions({ id: deployment.id }))
  const [target, setTarget] = useState<RevisionView | null>(null)
  const current = query.data?.find((revision) => revision.current)
  return (
    <>
      <QueryView query={query} failed="Could not load the revisions" loading="Loading revisions">
        {(revisions) => (
          <ol aria-label="Revisions, newest first">
            {revisions.map((revision, index) => (
              <Revision
                key={revision.revision}
                revision={revision}
                previous={revisions[index + 1] ?? null}
                blocked={deployment.blocked.rollback}
                onRollBack={() => setTarget(revision)}
              />
            ))}
          </ol>
        )}
      </QueryView>
      {target && current && (
        <RollBackDialog deployment={deployment} target={target} current={current} onClose={() => setTarget(null)} />
      )}
    </>
  )
}

interface RevisionProps {
  revision: RevisionView
  previous: RevisionView | null
  blocked: string | null
  onRollBack: () => void
}

function Revision({ revision, previous, blocked, onRollBack }: RevisionProps) {
  const changes = previous ? specChanges(previous.spec, revision.spec) : []
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2 border-b border-line px-4 py-3 md:px-6">
      <div className="min-w-0 flex-1 space-y-1">
        <p className="flex flex-wrap items-baseline gap-x-3">
          <span className="font-semibold">Revision {revision.revision}</span>
          {revision.current && (
            <span className="text-healthy">
              <StatusIcon name="running" className="mr-1.5 inline align-[-2px]" />
              current
            </span>
          )}
          <span className="text-ink-2">{plural(revision.replicas, 'replica')}</span>
          <span className="text-meta text-ink-3">
            <Time at={revision.createdAt} /> by {revision.createdBy}
          </span>
        </p>
        <p className="font-mono text-meta break-all text-ink-2">{revision.spec.image}</p>
        <ImageContent image={revision.image} />
        {/* A generated reason only repeats the changes. */}
        {revision.reason !== changesText(changes) && <p className="text-ink-2">{revision.reason}</p>}
        {changes.length > 0 && <ChangeList changes={changes} />}
      </div>
      {!revision.current && (
        <Button icon={<Undo2 size={14} aria-hidden />} blocked={blocked} onClick={onRollBack}>
          Roll back to {revision.revision}
        </Button>
      )}
    </li>
  )
}

interface RollBackDialogProps {
  deployment: DeploymentDetail
  target: RevisionView
  current: RevisionView
  onClose: () => void
}

function RollBackDialog({ deployment, target, current, onClose }: RollBackDialogProps) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const [reason, setReason] = useState('')
  const changes = specChanges(current.spec, target.spec)
  const rollback = useMutation(
    trpc.deployment.rollback.mutationOptions({
      onSuccess: async () => {
        onClose()
        await queries.invalidateQueries({ queryKey: trpc.deployment.pathKey() })
      },
    }),
  )
  const body = { revision: target.revision, ...(reason.trim() && { reason: reason.trim() }) }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Roll back to revision ${target.revision}?`}
      description="Replicas already on this revision are left alone; the others are replaced one by one."
    >
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          if (!rollback.isPending) rollback.mutate({ deployment_id: deployment.id, ...body })
        }}
      >
        {changes.length > 0 ? (
          <ChangeList changes={changes} />
        ) : (
          <p className="text-ink-2">Only values of environment variables differ.</p>
        )}
        <Field label="Reason (optional)">
          {(wiring) => (
            <Input
              {...wiring}
              value={reason}
              maxLength={200}
              autoComplete="off"
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        {rollback.error && <FieldError>{errorSentence(rollback.error)}</FieldError>}
        <div className="flex flex-wrap justify-end gap-2">
          <CopyButton
            label="Copy as curl"
            text={() =>
              curlText({
                method: 'POST',
                origin: window.location.origin,
                path: `/api/deployment/rollback/${deployment.id}`,
                body,
              })
            }
          />
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={rollback.isPending}>
            Roll back
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

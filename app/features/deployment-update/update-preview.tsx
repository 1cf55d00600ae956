'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import Link from 'next/link'
import { useMemo } from 'react'
import { RefusalNote } from '@/app/features/placement/refusal'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { useLongOutdated, useSettled } from '@/app/ui/settled'
import { QueryView } from '@/app/ui/status/query-view'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { formatScore, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { Suggestion } from '@/core/placement/types'
import type { AppRouter } from '@/server/api/root'

export type PreviewUpdateInput = inferRouterInputs<AppRouter>['deployment']['previewUpdate']
type Preview = inferRouterOutputs<AppRouter>['deployment']['previewUpdate']

const pauseMs = 100

interface UpdatePreviewProps {
  /** The update to send; null while the form is invalid. */
  input: PreviewUpdateInput | null
  waits: boolean
  onApply: (suggestion: Suggestion) => void
  /** The reason why a suggestion can't be applied to the form; null when it can. */
  blocked: (suggestion: Suggestion) => string | null
}

/** Where the scheduler would move each replica; updated while the user types and when the fleet changes. */
export function UpdatePreview({ input, ...rest }: UpdatePreviewProps) {
  const trpc = useTRPC()
  // Compared as text, because each render creates a new object for the same request.
  const wanted = input === null ? null : JSON.stringify(input)
  const asked = useSettled(wanted, pauseMs)
  const parsed = useMemo(() => (asked === null ? null : (JSON.parse(asked) as PreviewUpdateInput)), [asked])
  const query = useQuery({
    ...trpc.deployment.previewUpdate.queryOptions(parsed ?? skipToken),
    placeholderData: keepPreviousData,
  })
  return (
    <QueryView query={query} inset failed="Could not run the scheduler" loading={input && 'Asking the scheduler'}>
      {(preview) => <Shown preview={preview} outdated={query.isPlaceholderData || wanted !== asked} {...rest} />}
    </QueryView>
  )
}

interface ShownProps extends Omit<UpdatePreviewProps, 'input'> {
  preview: Preview
  outdated: boolean
}

function Shown({ preview, outdated, waits, onApply, blocked }: ShownProps) {
  const { refusal, problem, replicas, kept, removed, takenAt } = preview
  const longOutdated = useLongOutdated(outdated)
  return (
    <div aria-busy={outdated} className={cn('space-y-3', longOutdated && 'grayscale')}>
      <div role="status" className="space-y-3">
        {refusal ? (
          <>
            <RefusalNote
              refusal={refusal}
              action={(suggestion) => (
                <Button blocked={blocked(suggestion)} onClick={() => onApply(suggestion)}>
                  Apply
                </Button>
              )}
            />
            <p className="text-ink-2">
              {waits
                ? 'The update waits until there is capacity. Running replicas keep running.'
                : 'The update pauses. Running replicas keep running.'}
            </p>
          </>
        ) : (
          <p className="flex items-start gap-2 font-medium">
            <StatusIcon
              name={problem ? 'failed' : 'running'}
              className={cn('mt-[3px] shrink-0', problem ? 'text-failed' : 'text-healthy')}
            />
            {problem ?? summaryOf(preview)}
          </p>
        )}
      </div>
      {replicas.length > 0 && (
        <table className="w-full max-w-2xl">
          <caption className="sr-only">Placement of each replica</caption>
          <thead>
            <tr className="text-left text-meta text-ink-3">
              <th className="py-1 pr-4 font-normal">Replica</th>
              <th className="py-1 pr-4 font-normal">Runs on</th>
              <th className="py-1 pr-4 font-normal">Replacement on</th>
              <th className="py-1 text-right font-normal">Score</th>
            </tr>
          </thead>
          <tbody>
            {replicas.map(({ slot, from, to }) => (
              <tr key={slot} className="border-t border-line">
                <td className="py-1.5 pr-4">{slot + 1}</td>
                <td className="py-1.5 pr-4">{from ? <NodeLink {...from} /> : <span className="text-ink-3">–</span>}</td>
                <td className="py-1.5 pr-4 font-medium">
                  <NodeLink {...to} />
                </td>
                <td className="py-1.5 text-right">{to.score === null ? '–' : formatScore(to.score)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {replicas.some(({ stopsFirst }) => stopsFirst) && (
        <p className="flex items-start gap-2">
          <StatusIcon name="partial" className="mt-[3px] shrink-0 text-degraded" />
          Old and new replicas need the same host port, so each stops before its replacement starts: one replica at a
          time is briefly down.
        </p>
      )}
      {(kept > 0 || removed > 0) && (
        <p className="text-ink-2">
          {[
            kept > 0 && `${plural(kept, 'replica')} ${kept === 1 ? 'stays' : 'stay'} in place.`,
            removed > 0 && `${plural(removed, 'replica')} ${removed === 1 ? 'is' : 'are'} stopped.`,
          ]
            .filter(Boolean)
            .join(' ')}
        </p>
      )}
      <p className="text-meta text-ink-3">
        Computed <Time at={takenAt} />. Nothing is reserved until you update.
      </p>
    </div>
  )
}

function summaryOf({ replicas, revision }: Preview): string {
  if (replicas.length === 0) return revision === null ? 'Nothing needs to be placed' : 'No replicas need to be placed'
  return `Fits: ${plural(replicas.length, 'replica')}, one by one`
}

function NodeLink({ id, nodeId }: { id: string; nodeId: string }) {
  return (
    <Link href={`/nodes/${id}`} prefetch={false} className="hover:underline">
      {nodeId}
    </Link>
  )
}

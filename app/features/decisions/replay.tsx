'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { errorSentence } from '@/app/ui/text/errors'
import { formatList } from '@/app/ui/text/format'

/** Runs the scheduler once more on the record, and says whether it comes out as it was written down. */
export function Replay({ decisionId }: { decisionId: string }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.decision.replay.queryOptions({ id: decisionId }), enabled: false })
  const { data } = query
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <Button busy={query.isFetching} onClick={() => void query.refetch()}>
        Replay
      </Button>
      <div role="status">
        {query.isError ? (
          <FieldError>{errorSentence(query.error)}</FieldError>
        ) : !data ? (
          <p className="text-ink-3">Decides again from the record alone, and compares.</p>
        ) : data.matches ? (
          <p className="flex items-center gap-2">
            <StatusIcon name="running" className="text-healthy" />
            Replayed: it matches the record, to the last digit of each score.
          </p>
        ) : (
          <p className="flex items-center gap-2 text-failed">
            <StatusIcon name="failed" />
            Replayed to something else than the record:{' '}
            {data.message ?? formatList(data.chosen.map(({ nodeId }) => nodeId))}. Tell whoever looks after this
            installation.
          </p>
        )}
      </div>
    </div>
  )
}

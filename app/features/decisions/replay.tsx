'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { errorSentence } from '@/app/ui/text/errors'
import { formatList } from '@/app/ui/text/format'

/** Runs the scheduler again on the recorded input and compares the result with the record. */
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
          <p className="text-ink-3">Runs the scheduler on the recorded input and compares the results.</p>
        ) : data.matches ? (
          <p className="flex items-center gap-2">
            <StatusIcon name="running" className="text-healthy" />
            Replay matches the record exactly.
          </p>
        ) : (
          <p className="flex items-center gap-2 text-failed">
            <StatusIcon name="failed" />
            Replay differs from the record: {data.message ?? formatList(data.chosen.map(({ nodeId }) => nodeId))}.
            Please report this to your administrator.
          </p>
        )}
      </div>
    </div>
  )
}

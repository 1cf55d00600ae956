'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { parseAsString, useQueryState } from 'nuqs'
import { PolicyPicker } from '@/app/features/placement/policy-picker'
import { effectivePolicy, policyFromText } from '@/app/features/placement/policy-query'
import { useTRPC } from '@/app/trpc'
import { FieldError } from '@/app/ui/form/field'
import { useSettled } from '@/app/ui/settled'
import { errorSentence } from '@/app/ui/text/errors'
import { formatList } from '@/app/ui/text/format'
import type { DecisionView } from '@/core/views/decisions'

const pauseMs = 100

/** Compares the recorded decision with the result under another policy. */
export function OtherPolicy({ decision }: { decision: DecisionView }) {
  const trpc = useTRPC()
  const [text, setText] = useQueryState('policy', parseAsString.withDefault(''))
  const { weights, packing } = effectivePolicy(policyFromText(text), decision.policy)
  const input = useSettled(JSON.stringify(packing ? { weights, packing } : { weights }), pauseMs)
  const query = useQuery({
    ...trpc.decision.whatIf.queryOptions({ ids: [decision.id], policy: JSON.parse(input) }),
    placeholderData: keepPreviousData,
    // Decisions are immutable.
    staleTime: Number.POSITIVE_INFINITY,
  })
  const change = query.data?.changes[0]
  return (
    <div className="grid gap-x-10 gap-y-4 lg:grid-cols-[22rem_minmax(0,1fr)]">
      <PolicyPicker
        value={text}
        onChange={(value) => void setText(value || null, { history: 'replace' })}
        base={decision.policy}
        baseLabel={`as decided (${decision.policy.name})`}
      />
      <div role="status" aria-busy={query.isPlaceholderData} className="space-y-1">
        {query.isError && <FieldError>{errorSentence(query.error)}</FieldError>}
        {query.data && !change && <p className="font-medium">The same nodes would have been chosen.</p>}
        {change && (
          <>
            <p className="font-medium">
              {change.after.length === 0
                ? 'It would not have been placed.'
                : `It would have been placed on ${formatList([...new Set(change.after)])}.`}
            </p>
            <p className="text-ink-2">
              {change.leaves.length > 0 && `No longer on ${formatList(change.leaves)}`}
              {change.leaves.length > 0 && change.comes.length > 0 && '; '}
              {change.comes.length > 0 &&
                `${change.leaves.length > 0 ? 'instead' : 'now'} on ${formatList(change.comes)}`}
              .
            </p>
          </>
        )}
      </div>
    </div>
  )
}

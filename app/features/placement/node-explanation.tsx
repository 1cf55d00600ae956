'use client'

import { useQuery } from '@tanstack/react-query'
import { useTRPC } from '@/app/trpc'
import { cn } from '@/app/ui/cn'
import { QueryView } from '@/app/ui/status/query-view'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { formatScore } from '@/app/ui/text/format'
import type { NodeExplanation } from '@/core/placement/explanation'
import type { RuleResult } from '@/core/placement/types'
import { partLabels, rankText, resultLabels, shortfallText } from './labels'

/** Explains one node in one decision: each rule with the values compared, each preference with the values found. */
export function NodeExplained({ decisionId, nodeId }: { decisionId: string; nodeId: string }) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.decision.explain.queryOptions({ id: decisionId, nodeId }),
    // Decisions are immutable.
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <QueryView query={query} inset failed="Could not explain the node" loading="Replaying the decision">
      {(explanation) => <Explanation explanation={explanation} />}
    </QueryView>
  )
}

function Explanation({ explanation }: { explanation: NodeExplanation }) {
  const { rules, placementRules } = explanation
  const standing = rankText(explanation)
  return (
    <div className="max-w-4xl space-y-4">
      {standing && <p>{standing}</p>}
      <section>
        <h3 className="mb-1 text-meta text-ink-3">Rules</h3>
        <ul>
          {rules.map((result, index) => (
            // A rule has one result per cause, and two of them may be equal.
            // biome-ignore lint/suspicious/noArrayIndexKey: the list of a decision never changes
            <Rule key={index} result={result} />
          ))}
        </ul>
      </section>
      {placementRules.length > 0 && (
        <section>
          <h3 className="mb-1 text-meta text-ink-3">Preferences</h3>
          <ul>
            {placementRules.map(({ part, preference, weight, value, finding }) => (
              <li
                key={`${part} ${preference}`}
                className="flex flex-wrap justify-between gap-x-4 border-t border-line py-1"
              >
                <span className="min-w-0">
                  {partLabels[part]}: {preference} <span className="text-ink-2">({finding})</span>
                </span>
                <span className="text-ink-2">
                  weight {weight}, value {formatScore(value)}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

function Rule({ result }: { result: RuleResult }) {
  const { rule, passed, message } = result
  const short = passed ? null : shortfallText(result)
  return (
    <li className="grid grid-cols-[auto_minmax(0,8rem)_minmax(0,1fr)] items-baseline gap-x-2 border-t border-line py-1">
      <span className={cn('self-center', passed ? 'text-healthy' : 'text-failed')}>
        <StatusIcon name={passed ? 'running' : 'failed'} />
        <span className="sr-only">{passed ? 'Met' : 'Not met'}</span>
      </span>
      <span className="truncate font-medium">{resultLabels[rule]}</span>
      <span className="flex min-w-0 flex-wrap justify-between gap-x-3 text-ink-2">
        <span className="min-w-0">{message}</span>
        {short && <span className="text-failed">{short}</span>}
      </span>
    </li>
  )
}

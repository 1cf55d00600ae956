'use client'

import type { ReactNode } from 'react'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { plural } from '@/app/ui/text/format'
import type { Refusal, Suggestion } from '@/core/placement/types'
import { ruleLabels } from './labels'

interface RefusalNoteProps {
  refusal: Refusal
  /** Renders the action of a suggestion. Absent for old decisions, which are records. */
  action?: (suggestion: Suggestion, index: number) => ReactNode
}

/** Says that the deployment does not fit, by how much, and which changes would make it fit. */
export function RefusalNote({ refusal, action }: RefusalNoteProps) {
  return (
    <div className="max-w-4xl space-y-3">
      <p className="flex items-start gap-2 font-medium text-failed">
        <StatusIcon name="failed" className="mt-[3px] shrink-0" />
        {refusal.message}
      </p>
      {refusal.reasons.length > 0 && (
        // A node may fail several rules, so these counts can exceed the number of nodes.
        <p className="text-ink-2">
          {refusal.reasons.map(({ rule, count }) => `${ruleLabels[rule]}: ${plural(count, 'node')}`).join(' · ')}
        </p>
      )}
      {refusal.suggestions.length > 0 ? (
        <div>
          <p className="mb-1 text-ink-2">
            {refusal.suggestions.length === 1
              ? 'This change would make it fit:'
              : 'Any one of these would make it fit:'}
          </p>
          <ul>
            {refusal.suggestions.map((suggestion, index) => (
              <li
                key={suggestion.message}
                className="flex items-center justify-between gap-4 border-t border-line py-1.5 first:border-t-0"
              >
                <span className="min-w-0">{suggestion.message}</span>
                {action?.(suggestion, index)}
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p className="text-ink-2">No single change would make it fit. Reduce several requirements, or add nodes.</p>
      )}
      {refusal.notes.map((note) => (
        <p key={note} className="text-ink-2">
          {note}.
        </p>
      ))}
    </div>
  )
}

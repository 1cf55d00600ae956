'use client'

import { ChevronRight } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import type { RefusedGroup } from '@/server/domain/excerpt'
import type { Refusal, Suggestion, Verdict } from '@/server/domain/placement'
import { Button } from '../ui/button'
import { cn } from '../ui/cn'
import { plural } from '../ui/format'
import { Glyph } from '../ui/glyph'
import { NodeExplained } from './node-explanation'
import { ruleLabels, shortfallText } from './words'

interface RefusalNoteProps {
  refusal: Refusal
  /** Absent where nothing can be applied: an old decision is a record. */
  onApply?: (suggestion: Suggestion) => void
  /** Why a suggestion can't be applied by this reader; null when it can. */
  blocked?: (suggestion: Suggestion) => string | null
}

/** That it does not fit, how far off it is, and the changes that would make it fit. */
export function RefusalNote({ refusal, onApply, blocked }: RefusalNoteProps) {
  return (
    <div className="max-w-4xl space-y-3">
      <p className="flex items-start gap-2 font-medium text-failed">
        <Glyph name="failed" className="mt-[3px] shrink-0" />
        {refusal.message}
      </p>
      {refusal.reasons.length > 0 && (
        // A node may fail several rules, so these add up to more than there are nodes.
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
            {refusal.suggestions.map((suggestion) => (
              <li
                key={suggestion.message}
                className="flex items-center justify-between gap-4 border-t border-line py-1.5 first:border-t-0"
              >
                <span className="min-w-0">{suggestion.message}</span>
                {onApply && (
                  <Button blocked={blocked?.(suggestion)} onClick={() => onApply(suggestion)}>
                    Apply
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p className="text-ink-2">
          No single change would make it fit. Ask for less in more than one way, or join more nodes.
        </p>
      )}
      {refusal.notes.map((note) => (
        <p key={note} className="text-ink-2">
          {note}.
        </p>
      ))}
    </div>
  )
}

/** Few are shown at once, many only when somebody wants to read them. */
const openUpTo = 12

/** Nodes that could not take a replica; of a decision each can be opened for every rule. Under each rule, who failed it and by how much. */
export function RefusedNodes({ groups, decisionId = null }: { groups: RefusedGroup[]; decisionId?: string | null }) {
  if (groups.length === 0) return null
  const total = groups.reduce((sum, { count }) => sum + count, 0)
  return (
    <div className="max-w-4xl space-y-1">
      {groups.map((group) => (
        <Group key={group.rule} group={group} decisionId={decisionId} startsOpen={total <= openUpTo} />
      ))}
    </div>
  )
}

interface GroupProps {
  group: RefusedGroup
  decisionId: string | null
  startsOpen: boolean
}

function Group({ group: { rule, count, some }, decisionId, startsOpen }: GroupProps) {
  const [chosen, setChosen] = useState<boolean | null>(null)
  const open = chosen ?? startsOpen
  return (
    <div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setChosen(!open)}
        className="flex h-(--row) w-full items-center gap-2 rounded-control text-left text-ink-2 hover:text-ink"
      >
        <ChevronRight size={12} aria-hidden className={cn('text-ink-3 transition-transform', open && 'rotate-90')} />
        {ruleLabels[rule]}
        <span className="text-ink-3">{plural(count, 'node')}</span>
      </button>
      {open && (
        <ul className="pb-2">
          {some.map((verdict) => (
            <RefusedNode key={verdict.id} verdict={verdict} decisionId={decisionId} />
          ))}
          {count > some.length && (
            <li className="border-t border-line py-1.5 pl-5 text-ink-3">
              and {count - some.length} more, for the same reason
            </li>
          )}
        </ul>
      )}
    </div>
  )
}

function RefusedNode({ verdict, decisionId }: { verdict: Verdict; decisionId: string | null }) {
  const [open, setOpen] = useQueryState('node', parseAsString)
  const isOpen = decisionId !== null && open === verdict.nodeId
  return (
    <li className="border-t border-line py-1.5 pl-5">
      <div className="flex gap-3">
        {decisionId === null ? (
          <span className="w-24 shrink-0 truncate font-medium" title={verdict.nodeId}>
            {verdict.nodeId}
          </span>
        ) : (
          <button
            type="button"
            aria-expanded={isOpen}
            aria-label={`What was known of ${verdict.nodeId}`}
            title={verdict.nodeId}
            onClick={() => void setOpen(isOpen ? null : verdict.nodeId)}
            className="flex w-28 shrink-0 items-center gap-1 rounded-mark text-left font-medium hover:underline"
          >
            <ChevronRight
              size={12}
              aria-hidden
              className={cn('shrink-0 text-ink-3 transition-transform', isOpen && 'rotate-90')}
            />
            <span className="truncate">{verdict.nodeId}</span>
          </button>
        )}
        <ul className="min-w-0 flex-1">
          {verdict.failures.map((failure) => (
            <li key={failure.message} className="flex flex-wrap justify-between gap-x-3 text-ink-2">
              <span className="min-w-0">{failure.message}</span>
              {shortfallText(failure) && <span className="text-failed">{shortfallText(failure)}</span>}
            </li>
          ))}
        </ul>
      </div>
      {isOpen && (
        <div className="mt-2 bg-chrome p-3">
          <NodeExplained decisionId={decisionId} nodeId={verdict.id} />
        </div>
      )}
    </li>
  )
}

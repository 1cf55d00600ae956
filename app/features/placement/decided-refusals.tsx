'use client'

import { ChevronRight } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { cn } from '@/app/ui/cn'
import type { RefusedGroup } from '@/core/placement/decision-summary'
import type { Verdict } from '@/core/placement/types'
import { NodeExplained } from './node-explanation'
import { RefusedNode, RefusedNodes } from './refused-nodes'

/**
 * The nodes that a decision refused; each expands to the result of every rule. The expanded one is kept in the address.
 */
export function DecidedRefusals({ groups, decisionId }: { groups: RefusedGroup[]; decisionId: string }) {
  return (
    <RefusedNodes
      groups={groups}
      renderNode={(verdict) => <DecidedNode key={verdict.id} verdict={verdict} decisionId={decisionId} />}
    />
  )
}

function DecidedNode({ verdict, decisionId }: { verdict: Verdict; decisionId: string }) {
  const [open, setOpen] = useQueryState('node', parseAsString)
  const isOpen = open === verdict.nodeId
  return (
    <RefusedNode
      verdict={verdict}
      name={
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={`Details of ${verdict.nodeId}`}
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
      }
    >
      {isOpen && (
        <div className="mt-2 bg-chrome p-3">
          <NodeExplained decisionId={decisionId} nodeId={verdict.id} />
        </div>
      )}
    </RefusedNode>
  )
}

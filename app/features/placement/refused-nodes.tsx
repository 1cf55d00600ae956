'use client'

import { ChevronRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { cn } from '@/app/ui/cn'
import { plural } from '@/app/ui/text/format'
import type { RefusedGroup } from '@/core/placement/decision-summary'
import type { Verdict } from '@/core/placement/types'
import { ruleLabels, shortfallText } from './labels'

/** Shows only a few nodes at first, more on request. */
const openUpTo = 12

interface RefusedNodesProps {
  groups: RefusedGroup[]
  /** Renders one node; without it, the bare name is shown. */
  renderNode?: (verdict: Verdict) => ReactNode
}

/** Ineligible nodes, grouped by the rule that they fail, with the shortfall. */
export function RefusedNodes({ groups, renderNode = bareNode }: RefusedNodesProps) {
  if (groups.length === 0) return null
  const total = groups.reduce((sum, { count }) => sum + count, 0)
  return (
    <div className="max-w-4xl space-y-1">
      {groups.map((group) => (
        <Group key={group.rule} group={group} startsOpen={total <= openUpTo} renderNode={renderNode} />
      ))}
    </div>
  )
}

interface GroupProps {
  group: RefusedGroup
  startsOpen: boolean
  renderNode: (verdict: Verdict) => ReactNode
}

function Group({ group: { rule, count, some }, startsOpen, renderNode }: GroupProps) {
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
          {some.map(renderNode)}
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

const bareNode = (verdict: Verdict): ReactNode => (
  <RefusedNode
    key={verdict.id}
    verdict={verdict}
    name={
      <span className="w-24 shrink-0 truncate font-medium" title={verdict.nodeId}>
        {verdict.nodeId}
      </span>
    }
  />
)

interface RefusedNodeProps {
  verdict: Verdict
  name: ReactNode
  children?: ReactNode
}

/** The name of a node, the rules that it fails, and further details. */
export function RefusedNode({ verdict, name, children }: RefusedNodeProps) {
  return (
    <li className="border-t border-line py-1.5 pl-5">
      <div className="flex gap-3">
        {name}
        <ul className="min-w-0 flex-1">
          {verdict.failures.map((failure) => (
            <li key={failure.message} className="flex flex-wrap justify-between gap-x-3 text-ink-2">
              <span className="min-w-0">{failure.message}</span>
              {shortfallText(failure) && <span className="text-failed">{shortfallText(failure)}</span>}
            </li>
          ))}
        </ul>
      </div>
      {children}
    </li>
  )
}

'use client'

import { ChevronRight } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { cn } from '@/app/ui/cn'
import { plural } from '@/app/ui/text/format'
import type { RefusedGroup } from '@/core/placement/decision-summary'
import type { Verdict } from '@/core/placement/types'
import { ruleLabels, shortfallText } from './labels'

/** Few are shown at once, many only when somebody wants to read them. */
const openUpTo = 12

interface RefusedNodesProps {
  groups: RefusedGroup[]
  /** Each as a `RefusedNode`, if not with its bare name. */
  renderNode?: (verdict: Verdict) => ReactNode
}

/** Nodes that could not take a replica: under each rule, who failed it and by how much. */
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

/** A node's name, what it failed, and below that whatever there is to say of it. */
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

'use client'

import { ChevronRight } from 'lucide-react'
import Link from 'next/link'
import { parseAsString, useQueryState } from 'nuqs'
import { useState } from 'react'
import { Button, ButtonLink } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { SimulatedMark } from '@/app/ui/status/simulated-mark'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { formatGap, formatScore } from '@/app/ui/text/format'
import type { PlacementSummary } from '@/core/placement/decision-summary'
import { gapToLastChosen } from '@/core/placement/standing'
import { type ScorePartName, scorePartNames, type Verdict } from '@/core/placement/types'
import { partExplanations, partLabels, productText } from './labels'
import { NodeExplained } from './node-explanation'
import { ScoreBar } from './score-bar'
import { VerdictInputs } from './verdict-inputs'

const shownAtFirst = 12
const head = 'h-8 px-2 text-left text-meta font-medium text-ink-3 whitespace-nowrap'

/** Columns for the parts come first; with the parts of preferences too, the bars need a wider window. */
const partColumn = (name: ScorePartName): string =>
  name === 'resources' || name === 'load' || name === 'locality' ? 'max-lg:hidden' : 'max-2xl:hidden'

interface VerdictTableProps {
  placement: PlacementSummary
  /** The list of all nodes, linked when the summary does not contain them all. */
  allHref: string
  /** The decision; expanded rows then show every rule. */
  decisionId: string
}

/** The best eligible nodes, with the parts of their scores and their distance from being chosen. */
export function VerdictTable({ placement, allHref, decisionId }: VerdictTableProps) {
  const [all, setAll] = useState(false)
  const [open, setOpen] = useQueryState('node', parseAsString)
  const { best, feasible } = placement
  const partNames = scorePartNames.filter((name) => best[0]?.parts.some((part) => part.name === name))
  const openAt = best.findIndex(({ nodeId }) => nodeId === open)
  const least = Math.max(shownAtFirst, openAt + 1, best.findLastIndex((verdict) => verdict.chosen > 0) + 4)
  const shown = all ? best : best.slice(0, least)
  if (best.length === 0) return null
  return (
    <>
      <table className="w-full border-collapse">
        <caption className="sr-only">Scores of the eligible nodes, best first</caption>
        <thead>
          <tr className="border-b border-line">
            <th scope="col" className={cn(head, 'w-12 pl-4 text-right md:pl-6')}>
              Rank
            </th>
            <th scope="col" className={head}>
              Node
            </th>
            <th scope="col" className={cn(head, 'w-[34%]')}>
              Score, 0 to 1
            </th>
            <th scope="col" className={cn(head, 'text-right')}>
              Sum
            </th>
            {partNames.map((name) => (
              <th
                key={name}
                scope="col"
                title={partExplanations[name]}
                className={cn(head, 'text-right', partColumn(name))}
              >
                {partLabels[name]}
              </th>
            ))}
            <th
              scope="col"
              className={cn(head, 'pr-4 text-right max-sm:hidden md:pr-6')}
              title="Behind the last chosen node"
            >
              Gap
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((verdict) => (
            <VerdictRow
              key={verdict.id}
              placement={placement}
              verdict={verdict}
              decisionId={decisionId}
              partNames={partNames}
              open={open === verdict.nodeId}
              onToggle={() => void setOpen(open === verdict.nodeId ? null : verdict.nodeId)}
            />
          ))}
        </tbody>
      </table>
      <div className="flex flex-wrap gap-2 px-4 pt-2 md:px-6">
        {shown.length < best.length && (
          <Button variant="ghost" onClick={() => setAll(true)}>
            {best.length === feasible ? `Show all ${feasible} eligible nodes` : `Show the best ${best.length}`}
          </Button>
        )}
        {best.length < feasible && (
          <ButtonLink variant="ghost" href={allHref} prefetch={false}>
            List all {feasible} eligible nodes
          </ButtonLink>
        )}
      </div>
    </>
  )
}

interface VerdictRowProps {
  placement: PlacementSummary
  verdict: Verdict
  decisionId: string
  partNames: ScorePartName[]
  open: boolean
  onToggle: () => void
}

function VerdictRow({ placement, verdict, decisionId, partNames, open, onToggle }: VerdictRowProps) {
  const behind = gapToLastChosen(placement, verdict)
  const score = verdict.score ?? 0
  return (
    <>
      <tr className={cn('h-(--row) border-b border-line', verdict.chosen > 0 && 'bg-selected')}>
        <td className="pl-4 text-right text-ink-3 md:pl-6">{verdict.rank}</td>
        <td className="px-2">
          <div className="flex items-center gap-1.5">
            <button
              type="button"
              aria-expanded={open}
              aria-label={`Details of ${verdict.nodeId}`}
              onClick={onToggle}
              className="rounded-mark p-1 text-ink-3 hover:text-ink pointer-coarse:p-3"
            >
              <ChevronRight size={12} aria-hidden className={cn('transition-transform', open && 'rotate-90')} />
            </button>
            <Link
              href={`/nodes/${verdict.id}`}
              prefetch={false}
              className="font-medium whitespace-nowrap hover:underline"
            >
              {verdict.nodeId}
            </Link>
            <span className="truncate text-meta text-ink-3 max-sm:hidden">{verdict.region}</span>
            {verdict.simulated && (
              <span className="max-xl:hidden">
                <SimulatedMark />
              </span>
            )}
            {verdict.chosen > 0 && (
              <span className="inline-flex items-center gap-1 text-meta whitespace-nowrap text-accent">
                <StatusIcon name="running" />
                <span className="max-sm:sr-only">{verdict.chosen > 1 ? `chosen × ${verdict.chosen}` : 'chosen'}</span>
              </span>
            )}
          </div>
        </td>
        <td className="px-2">
          <ScoreBar parts={verdict.parts} score={score} />
        </td>
        <td className="px-2 text-right font-medium">{formatScore(score)}</td>
        {partNames.map((name) => {
          const part = verdict.parts.find((one) => one.name === name)
          return (
            <td key={name} className={cn('px-2 text-right whitespace-nowrap text-ink-2', partColumn(name))}>
              {part ? productText(part) : ''}
            </td>
          )
        })}
        <td className="px-2 pr-4 text-right text-ink-2 max-sm:hidden md:pr-6">
          {behind ? formatGap(-behind.gap) : verdict.chosen > 0 ? '' : '–'}
        </td>
      </tr>
      {open && (
        <tr className="border-b border-line bg-chrome">
          <td colSpan={5 + partNames.length} className="space-y-4 px-4 py-3 md:pl-[88px]">
            <VerdictInputs verdict={verdict} />
            <NodeExplained decisionId={decisionId} nodeId={verdict.id} />
          </td>
        </tr>
      )}
    </>
  )
}

'use client'

import { ChevronRight } from 'lucide-react'
import Link from 'next/link'
import { cn } from '@/app/ui/cn'
import { Empty } from '@/app/ui/status/states'
import { StatusBadge } from '@/app/ui/status/status'
import { plural } from '@/app/ui/text/format'
import type { DrillFilter, DrillReport, DrillRow, DrillStage } from '@/core/insight/drill-report'
import { DeploymentDetail } from './deployment-detail'
import type { DrillViewState } from './drill-view'
import { meanwhileOf, outcomeStyles } from './labels'

interface DeploymentTableProps {
  report: DrillReport
  picked: DrillViewState['picked']
  stage: DrillStage
  show: DrillFilter
  /** Id of the expanded deployment. */
  open: string | null
  onOpen: (id: string | null) => void
}

/** The widths add up to 100 % at every window width: an expanded row must not add columns. */
const head = 'h-8 px-2 text-left text-meta font-medium text-ink-3 whitespace-nowrap'

export function DeploymentTable({ report, picked, stage, show, open, onOpen }: DeploymentTableProps) {
  if (report.rows.length === 0)
    return (
      <Empty title={show === 'affected' ? 'Nothing would change' : 'No deployments match'}>
        {show === 'affected' ? 'No deployments have replicas on these nodes.' : 'Choose another filter above.'}
      </Empty>
    )
  return (
    <table className="w-full table-fixed border-collapse">
      <caption className="sr-only">Outcome for each deployment, worst first</caption>
      <thead>
        <tr className="border-b border-line">
          <th scope="col" className={cn(head, 'w-[56%] pl-4 sm:w-[42%] md:w-[34%] md:pl-6 lg:w-[24%]')}>
            Deployment
          </th>
          <th scope="col" className={cn(head, 'w-[44%] sm:w-[30%] md:w-[24%] lg:w-[16%]')}>
            Outcome
          </th>
          <th
            scope="col"
            className={cn(head, 'w-[28%] max-sm:hidden md:w-[26%] lg:w-[16%]')}
            title="Replicas that run until replacements do"
          >
            During
          </th>
          <th scope="col" className={cn(head, 'w-[16%] max-md:hidden lg:w-[10%]')}>
            After
          </th>
          <th scope="col" className={cn(head, 'w-[34%] max-lg:hidden')}>
            Affected replicas
          </th>
        </tr>
      </thead>
      <tbody>
        {report.rows.map((row) => (
          <Row
            key={row.id}
            row={row}
            open={open === row.id}
            onToggle={() => onOpen(open === row.id ? null : row.id)}
            detail={() => <DeploymentDetail row={row} picked={picked} stage={stage} />}
          />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  row: DrillRow
  open: boolean
  onToggle: () => void
  detail: () => React.ReactNode
}

function Row({ row, open, onToggle, detail }: RowProps) {
  const { id, name, outcome, running, hit } = row
  const short = running.meanwhile < running.now
  return (
    <>
      <tr className="h-(--row) border-b border-line">
        <td className="truncate pr-2 pl-4 md:pl-6">
          <span className="flex items-center gap-1.5">
            {hit > 0 && (
              <button
                type="button"
                aria-expanded={open}
                aria-label={`Outcome for ${name}`}
                onClick={onToggle}
                className="shrink-0 rounded-mark p-1 text-ink-3 hover:text-ink focus-visible:-outline-offset-1 pointer-coarse:p-3"
              >
                <ChevronRight size={12} aria-hidden className={cn('transition-transform', open && 'rotate-90')} />
              </button>
            )}
            <Link
              href={`/deployments/${id}`}
              prefetch={false}
              className="min-w-0 truncate rounded-mark font-medium hover:underline focus-visible:-outline-offset-1"
            >
              {name}
            </Link>
          </span>
        </td>
        <td className="truncate px-2">
          <StatusBadge statusStyle={outcomeStyles[outcome]} />
        </td>
        <td className={cn('truncate px-2 max-sm:hidden', short ? 'text-degraded' : 'text-ink-2')}>
          {meanwhileOf(row)}
        </td>
        <td className="px-2 text-ink-2 max-md:hidden">
          {running.after} of {running.wanted}
        </td>
        <td className="truncate px-2 pr-4 text-ink-2 max-lg:hidden md:pr-6" title={movesText(row)}>
          {movesText(row)}
        </td>
      </tr>
      {open && (
        <tr className="border-b border-line bg-chrome">
          <td colSpan={5} className="px-4 py-3 md:pl-[52px]">
            {detail()}
          </td>
        </tr>
      )}
    </>
  )
}

const namedMoves = 3

/** "node-01 → node-03, node-02 → nowhere" */
function movesText({ outcome, hit, replicas }: DrillRow): string {
  if (hit === 0) return 'none'
  if (hit > namedMoves) {
    const placed = replicas.filter(({ to }) => to !== null).length
    return `${plural(hit, 'replica')}${hit === replicas.length ? `, ${placed} ${placed === 1 ? 'fits' : 'fit'} elsewhere` : ''}`
  }
  const nowhere = outcome === 'no-room' ? 'nowhere' : 'stays'
  return replicas.map(({ from, to }) => `${from.nodeId} → ${to?.nodeId ?? nowhere}`).join(', ')
}

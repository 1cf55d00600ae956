'use client'

import { useMemo } from 'react'
import { cn } from '@/app/ui/cn'
import { StatusIcon } from '@/app/ui/status/status-icon'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { formatDuration, formatGap, formatPercent, formatScore } from '@/app/ui/text/format'
import type { Ranking } from '@/core/placement/ranking'
import { coresNumber, roundMemoryText } from '@/core/placement/resources'
import type { ScoreInputs, Verdict } from '@/core/placement/types'
import { localityText } from './labels'
import { ScoreBar } from './score-bar'

interface RankingTableProps {
  ranking: Ranking
  /** Names of the nodes being compared. */
  compare: readonly string[]
  onCompare: (names: string[]) => void
  /** The query that the rows answer. */
  question: string
  outdated: boolean
}

/** The number of nodes that can be compared. */
const mostCompared = 2

/** One page of ranked nodes, with the parts of each score and the recorded inputs. */
export function RankingTable({ ranking, compare, onCompare, question, outdated }: RankingTableProps) {
  const best = ranking.winner?.score ?? null
  const columns = useMemo(() => rankingColumns({ best, compare, onCompare }), [best, compare, onCompare])
  return (
    <Table
      caption="Nodes by score, best first; then ineligible nodes"
      columns={columns}
      rows={ranking.verdicts}
      rowKey={(verdict) => verdict.id}
      rowClass={(verdict) => cn(verdict.chosen > 0 && 'bg-selected')}
      keyboard
      question={question}
      outdated={outdated}
    />
  )
}

interface ColumnParts {
  /** The score of the winner. */
  best: number | null
  compare: readonly string[]
  onCompare: (names: string[]) => void
}

function rankingColumns({ best, compare, onCompare }: ColumnParts): Column<Verdict>[] {
  const toggle = (name: string): void =>
    onCompare(
      compare.includes(name) ? compare.filter((other) => other !== name) : [...compare, name].slice(-mostCompared),
    )
  return [
    {
      id: 'compare',
      header: <span className="sr-only">Compare</span>,
      width: '44px',
      whole: true,
      cell: ({ nodeId }) => (
        <input
          type="checkbox"
          aria-label={`Compare ${nodeId}`}
          checked={compare.includes(nodeId)}
          onChange={() => toggle(nodeId)}
          className="block size-4 accent-accent pointer-coarse:size-6"
        />
      ),
    },
    { id: 'rank', header: 'Rank', width: '56px', align: 'right', cell: ({ rank }) => rank ?? '–' },
    {
      id: 'node',
      header: 'Node',
      width: 'clamp(104px, 16vw, 220px)',
      cell: ({ id, nodeId, region, chosen }) => (
        <span className="flex min-w-0 items-center gap-2">
          <RowLink href={`/nodes/${id}`}>{nodeId}</RowLink>
          {chosen > 0 && (
            <span className="inline-flex shrink-0 items-center gap-1 text-meta text-accent" title="Chosen">
              <StatusIcon name="running" />
              <span className="sr-only">chosen</span>
              {chosen > 1 && `× ${chosen}`}
            </span>
          )}
          <span className="truncate text-meta text-ink-3 max-sm:hidden">{region}</span>
        </span>
      ),
    },
    ...inputColumns,
    {
      id: 'score',
      header: 'Score, 0 to 1',
      cell: ({ score, parts, failures }) =>
        score === null ? (
          <span className="text-ink-2" title={failures.map(({ message }) => message).join('; ')}>
            {failures[0]?.message}
            {failures.length > 1 && ` and ${failures.length - 1} more`}
          </span>
        ) : (
          <ScoreBar parts={parts} score={score} />
        ),
    },
    {
      id: 'gap',
      header: 'Gap',
      width: '68px',
      align: 'right',
      from: 'sm',
      cell: ({ score, rank }) =>
        score === null || best === null || rank === 1 ? (
          ''
        ) : (
          <span title="Behind the winner">{formatGap(score - best)}</span>
        ),
    },
    {
      id: 'sum',
      header: 'Sum',
      width: 'clamp(72px, 8vw, 84px)',
      align: 'right',
      cell: ({ score }) => (score === null ? '–' : <span className="font-medium">{formatScore(score)}</span>),
    },
  ]
}

const input = (read: (inputs: ScoreInputs) => string) => (verdict: Verdict) => (
  <span className="text-ink-2">{read(verdict.inputs)}</span>
)

const usage = (percent: number | null): string => (percent === null ? 'unknown' : formatPercent(percent))

const inputColumns: Column<Verdict>[] = [
  {
    id: 'cpu',
    header: 'CPU free',
    width: '92px',
    align: 'right',
    from: 'lg',
    cell: input(
      ({ freeCpuMillis, capacityCpuMillis }) => `${coresNumber(freeCpuMillis)} / ${coresNumber(capacityCpuMillis)}`,
    ),
  },
  {
    id: 'memory',
    header: 'Memory free',
    width: '128px',
    align: 'right',
    from: 'lg',
    cell: input(
      ({ freeMemoryMb, capacityMemoryMb }) => `${roundMemoryText(freeMemoryMb)} / ${roundMemoryText(capacityMemoryMb)}`,
    ),
  },
  {
    id: 'used',
    header: 'CPU, memory used',
    width: '124px',
    align: 'right',
    from: 'xl',
    cell: input(({ cpuUsagePercent: cpu, memoryUsagePercent: memory }) =>
      cpu === null && memory === null ? 'unknown' : `${usage(cpu)}, ${usage(memory)}`,
    ),
  },
  {
    id: 'age',
    header: 'Heartbeat',
    width: '84px',
    align: 'right',
    from: 'xl',
    cell: input(({ heartbeatAgeMs }) => (heartbeatAgeMs === null ? 'never' : formatDuration(heartbeatAgeMs))),
  },
  {
    id: 'distance',
    header: 'Distance',
    width: '136px',
    align: 'right',
    from: '2xl',
    cell: input(({ locality }) => localityText(locality)),
  },
]

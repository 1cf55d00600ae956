'use client'

import type { ReactNode } from 'react'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { formatDuration, formatGap, formatPercent, formatScore } from '@/app/ui/text/format'
import { coresNumber, coresText, roundMemoryText } from '@/core/placement/resources'
import type { ScoreInputs, Verdict } from '@/core/placement/types'
import { localityText, partLabels, productText } from './labels'
import { ScoreBar } from './score-bar'

/**
 * Compares two nodes: their parts of the score and their recorded inputs. A single node is shown whole, unless others
 * can be ticked (`onClear`), because the panel would hide the rows to tick.
 */
export function Comparison({ verdicts, onClear }: { verdicts: Verdict[]; onClear?: () => void }) {
  const [first, second] = verdicts
  if (!first) return null
  const waiting = onClear && !second
  return (
    <section aria-label="Comparison" className={cn(onClear && 'border-t border-line')}>
      <div className={cn('flex items-center justify-between gap-4 px-4 pt-3 md:px-6', waiting && 'pb-3')}>
        <h2 className="font-semibold">{second ? `${first.nodeId} against ${second.nodeId}` : first.nodeId}</h2>
        {waiting && <p className="mr-auto text-ink-3">Select another node to compare.</p>}
        {onClear && (
          <Button variant="ghost" size="sm" onClick={onClear}>
            Clear
          </Button>
        )}
      </div>
      {!waiting && (
        <div className="px-4 pt-1 pb-4 md:px-6">
          <table className="w-full max-w-4xl border-collapse">
            <thead>
              <tr className="h-8 border-b border-line text-left text-meta text-ink-3">
                <th scope="col" className="w-20 pr-3 font-medium sm:w-32">
                  <span className="sr-only">Factor</span>
                </th>
                {verdicts.map(({ id, nodeId }) => (
                  <th key={id} scope="col" className="pr-3 font-medium">
                    {nodeId}
                  </th>
                ))}
                {second && (
                  <th scope="col" className="w-24 text-right font-medium max-sm:hidden">
                    Difference
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {rowsOf(first, second).map(({ name, cells, difference }) => (
                <tr key={name} className="border-b border-line align-top last:border-b-0">
                  <th scope="row" className="py-1.5 pr-3 text-left font-normal text-ink-3">
                    {name}
                  </th>
                  {cells.map((cell, index) => (
                    <td key={verdicts[index]?.id} className="py-1.5 pr-3">
                      {cell}
                    </td>
                  ))}
                  {second && <td className="py-1.5 text-right whitespace-nowrap max-sm:hidden">{difference}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

interface Row {
  name: string
  cells: ReactNode[]
  difference?: string
}

function rowsOf(first: Verdict, second: Verdict | undefined): Row[] {
  const both = second ? [first, second] : [first]
  const gap = (a: number | null | undefined, b: number | null | undefined): string =>
    a === null || b === null || a === undefined || b === undefined ? '' : formatGap(a - b)
  const partNames = [...new Set(both.flatMap(({ parts }) => parts.map(({ name }) => name)))]
  const partOf = (verdict: Verdict | undefined, name: string) => verdict?.parts.find((part) => part.name === name)
  return [
    { name: 'Rank', cells: both.map(({ rank }) => (rank === null ? 'ineligible' : rank)) },
    {
      name: 'Score',
      cells: both.map((verdict) => <ScoreCell key={verdict.id} verdict={verdict} />),
      difference: gap(first.score, second?.score),
    },
    ...partNames.map((name): Row => {
      const texts = both.map((verdict) => {
        const part = partOf(verdict, name)
        return part ? `${productText(part)} = ${formatScore(part.contribution)}` : '–'
      })
      return {
        name: partLabels[name],
        cells: texts,
        difference: gap(partOf(first, name)?.contribution, partOf(second, name)?.contribution),
      }
    }),
    ...inputRows.map(({ name, read }): Row => ({ name, cells: both.map(({ inputs }) => read(inputs)) })),
    ...(both.some(({ notes }) => notes.length > 0)
      ? [{ name: 'Notes', cells: both.map(({ notes }) => notes.join('; ') || '–') }]
      : []),
  ]
}

function ScoreCell({ verdict: { score, parts, failures } }: { verdict: Verdict }) {
  if (score === null)
    return (
      <ul className="text-ink-2">
        {failures.map(({ message }) => (
          <li key={message}>{message}</li>
        ))}
      </ul>
    )
  return (
    <span className="flex items-center gap-3">
      <span className="font-medium">{formatScore(score)}</span>
      <ScoreBar parts={parts} score={score} className="min-w-16" />
    </span>
  )
}

const usage = (percent: number | null): string => (percent === null ? 'unknown' : formatPercent(percent))

const inputRows: { name: string; read: (inputs: ScoreInputs) => string }[] = [
  {
    name: 'CPU free',
    read: (inputs) => `${coresNumber(inputs.freeCpuMillis)} of ${coresText(inputs.capacityCpuMillis)}`,
  },
  {
    name: 'Memory free',
    read: (inputs) => `${roundMemoryText(inputs.freeMemoryMb)} of ${roundMemoryText(inputs.capacityMemoryMb)}`,
  },
  { name: 'CPU in use', read: (inputs) => usage(inputs.cpuUsagePercent) },
  { name: 'Memory in use', read: (inputs) => usage(inputs.memoryUsagePercent) },
  {
    name: 'Last heartbeat',
    read: ({ heartbeatAgeMs }) => (heartbeatAgeMs === null ? 'never' : `${formatDuration(heartbeatAgeMs)} before`),
  },
  { name: 'Distance', read: ({ locality }) => localityText(locality) },
]

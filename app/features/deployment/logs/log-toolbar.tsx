'use client'

import { ChevronDown, ChevronUp, Clock3, Download, ListFilter, WrapText } from 'lucide-react'
import type { ReactNode } from 'react'
import { logText } from '@/app/features/logs/download'
import type { LogRow } from '@/app/features/logs/log-buffer'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { SearchField } from '@/app/ui/table/search'
import type { ReplicaView } from '@/core/views/deployments'
import { ReplicaPicker } from './replica-picker'

type Toggle = 'only' | 'wrap' | 'times'

interface LogToolbarProps {
  replicas: readonly ReplicaView[]
  chosen: readonly ReplicaView[]
  onChoose: (chosen: ReplicaView[]) => void
  query: string
  onQuery: (query: string) => void
  found: number
  /** Index of the match that is highlighted; -1 when there is none. */
  place: number
  onStep: (by: 1 | -1) => void
  toggles: Record<Toggle, boolean>
  onToggle: (change: Partial<Record<Toggle, boolean>>) => void
  rows: readonly LogRow[]
  labelOf: (replicaId: string) => string
  fileName: string
}

const icon = { size: 14, 'aria-hidden': true } as const

export function LogToolbar(props: LogToolbarProps) {
  const { replicas, chosen, onChoose, query, onQuery, found, place, onStep, toggles, onToggle, rows } = props
  const toggle = (name: Toggle, label: string, mark: ReactNode, shown?: string) => (
    <Button
      variant="ghost"
      icon={mark}
      aria-label={label}
      title={label}
      aria-pressed={toggles[name]}
      onClick={() => onToggle({ [name]: !toggles[name] })}
      className={cn(toggles[name] && 'bg-selected text-ink')}
    >
      {shown && <span className="max-md:hidden">{shown}</span>}
    </Button>
  )
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3 md:px-6">
      <ReplicaPicker replicas={replicas} chosen={chosen} onChoose={onChoose} />
      <search
        className="flex min-w-0 grow items-center gap-1 sm:max-w-md"
        onKeyDown={(event) => {
          if (event.key === 'Enter' && query !== '') onStep(event.shiftKey ? -1 : 1)
        }}
      >
        <SearchField label="Search logs" value={query} onChange={onQuery} className="grow" />
        {query !== '' && (
          <>
            {/* Not a live region: the count may change with every line. */}
            <output aria-live="off" className="min-w-14 text-right text-meta whitespace-nowrap text-ink-2">
              {place < 0 ? found : `${place + 1} of ${found}`}
            </output>
            <Button
              variant="ghost"
              aria-label="Previous match"
              title="Previous match (N)"
              icon={<ChevronUp {...icon} />}
              onClick={() => onStep(-1)}
            />
            <Button
              variant="ghost"
              aria-label="Next match"
              title="Next match (n)"
              icon={<ChevronDown {...icon} />}
              onClick={() => onStep(1)}
            />
            {toggle('only', 'Matches only', <ListFilter {...icon} />)}
          </>
        )}
      </search>
      <div className="ml-auto flex items-center gap-1">
        {toggle('times', 'Times', <Clock3 {...icon} />, 'Times')}
        {toggle('wrap', 'Wrap long lines', <WrapText {...icon} />, 'Wrap')}
        <Button
          icon={<Download {...icon} />}
          blocked={rows.length === 0 ? 'There are no lines to download yet' : null}
          onClick={() => save(`${props.fileName}.log`, logText(rows, props.labelOf))}
        >
          Download
        </Button>
      </div>
    </div>
  )
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

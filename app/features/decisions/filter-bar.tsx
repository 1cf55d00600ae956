'use client'

import { X } from 'lucide-react'
import { useCallback } from 'react'
import { decisionTriggers, triggerText } from '@/app/features/placement/trigger-labels'
import { Button } from '@/app/ui/button'
import { Select } from '@/app/ui/form/field'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { SearchField } from '@/app/ui/table/search'
import { type DecisionFilters, outcomes, spanLabels, spans } from './filters'

const outcomeLabels = { all: 'All', placed: 'Placed', refused: 'Refused' } as const

export function FilterBar({ filters, setFilters }: DecisionFilters) {
  const onSearch = useCallback(
    (q: string) => void setFilters({ q: q || null, older: null }, { history: 'replace' }),
    [setFilters],
  )
  const push = { history: 'push' } as const
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2 md:px-6">
      <SearchField label="Search by deployment" value={filters.q} onChange={onSearch} className="w-full sm:w-56" />
      <FilterTabs
        label="Outcome"
        value={filters.outcome}
        onChange={(outcome) => void setFilters({ outcome, older: null }, push)}
        options={outcomes.map((value) => ({ value, label: outcomeLabels[value] }))}
      />
      <Select
        aria-label="Trigger"
        value={filters.trigger}
        onChange={(event) => void setFilters({ trigger: event.target.value || null, older: null }, push)}
        className="w-full sm:w-44"
      >
        <option value="">Any trigger</option>
        {decisionTriggers.map((trigger) => (
          <option key={trigger} value={trigger}>
            {triggerText(trigger)}
          </option>
        ))}
      </Select>
      <Select
        aria-label="Time"
        value={filters.since ?? ''}
        onChange={(event) =>
          void setFilters({ since: spans.find((span) => span === event.target.value) ?? null, older: null }, push)
        }
        className="w-full sm:w-44"
      >
        <option value="">Any time</option>
        {spans.map((span) => (
          <option key={span} value={span}>
            {spanLabels[span]}
          </option>
        ))}
      </Select>
      {filters.node && (
        <span className="flex items-center gap-1 text-ink-2">
          node: {filters.node}
          <Button
            variant="ghost"
            size="sm"
            aria-label={`Clear filter: node ${filters.node}`}
            icon={<X size={14} aria-hidden />}
            onClick={() => void setFilters({ node: null, older: null }, push)}
          />
        </span>
      )}
    </div>
  )
}

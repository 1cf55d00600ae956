'use client'

import { useCallback } from 'react'
import { measures } from '@/app/features/fleet-map/sprites'
import { cn } from '@/app/ui/cn'
import { Select } from '@/app/ui/form/field'
import { BarLegend } from '@/app/ui/status/bar'
import { stateStyles } from '@/app/ui/status/node-state-styles'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { SearchField } from '@/app/ui/table/search'
import type { NodeFacets, NodeState } from '@/core/nodes/list'
import { afresh, type NodeViewState, stateFilters } from './node-view'

interface NodeToolbarProps {
  view: NodeViewState['view']
  set: NodeViewState['set']
  facets: NodeFacets | undefined
  counts: Record<NodeState, number> | undefined
  /**
   * Filters appear when both queries have answered, because their options would move them. Until then only the search
   * shows.
   */
  waiting: boolean
}

/** Search and filters. A filter with a single option is hidden unless it is in use. */
export function NodeToolbar({ view, set, facets, counts, waiting }: NodeToolbarProps) {
  const onSearch = useCallback((q: string) => void set({ q: q || null, ...afresh }, { history: 'replace' }), [set])
  const choose = (name: 'region' | 'type' | 'label' | 'kind') => (value: string) =>
    void set({ [name]: value || null, ...afresh }, { history: 'push' })
  const all = counts && Object.values(counts).reduce((sum, count) => sum + count, 0)
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t border-line px-4 py-2 md:px-6">
      <SearchField label="Search by name or label" value={view.q} onChange={onSearch} className="w-full sm:w-56" />
      <div className={cn('grid grid-cols-2 gap-2 max-sm:w-full sm:flex', waiting && 'invisible')}>
        <Choice name="Region" all="All regions" value={view.region} options={facets?.regions} set={choose('region')} />
        <Choice name="Type" all="All types" value={view.type} options={facets?.types} set={choose('type')} />
        <Choice name="Label" all="Any labels" value={view.label} options={facets?.labels} set={choose('label')} />
        <Choice
          name="Machines"
          all="Real and simulated"
          value={view.kind === 'all' ? '' : view.kind}
          options={facets?.kinds}
          set={choose('kind')}
        />
      </div>
      <FilterTabs
        label="State"
        value={view.state}
        onChange={(state) => void set({ state, ...afresh }, { history: 'push' })}
        counting={waiting}
        options={stateFilters
          .filter((state) => state === 'all' || state === 'ready' || counts?.[state] || state === view.state)
          .map((state) => ({
            value: state,
            label: state === 'all' ? 'All' : stateStyles[state].label,
            count: state === 'all' ? all : counts?.[state],
          }))}
      />
      {view.view === 'map' ? (
        <Select
          aria-label="Color by"
          value={view.colour}
          onChange={(event) =>
            void set({ colour: measures.find((one) => one === event.target.value) ?? null }, { history: 'push' })
          }
          className={cn('w-full sm:w-44', waiting && 'invisible')}
        >
          <option value="state">Color by status</option>
          <option value="cpu">CPU in use</option>
          <option value="memory">Memory in use</option>
        </Select>
      ) : (
        <div className={cn('ml-auto max-lg:hidden', waiting && 'invisible')}>
          <BarLegend />
        </div>
      )}
    </div>
  )
}

interface ChoiceProps {
  name: string
  all: string
  value: string
  options: readonly string[] | undefined
  set: (value: string) => void
}

function Choice({ name, all, value, options = [], set }: ChoiceProps) {
  const shown = value === '' || options.includes(value) ? options : [value, ...options]
  if (shown.length < 2 && value === '') return null
  return (
    <Select
      aria-label={name}
      value={value}
      onChange={(event) => set(event.target.value)}
      className="w-full min-w-0 sm:w-36"
    >
      <option value="">{all}</option>
      {shown.map((option) => (
        <option key={option}>{option}</option>
      ))}
    </Select>
  )
}

'use client'

import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { PageHeader } from '@/app/ui/layout-parts'
import { Tabs } from '@/app/ui/tabs'
import { DecisionList } from './decision-list'
import { FilterBar } from './filter-bar'
import { useDecisionFilters } from './filters'
import { WhatIf } from './what-if'

const tabs = ['record', 'what-if'] as const

/** Every run of the scheduler, and what its results would have been under another policy. */
export function DecisionsPage() {
  const filters = useDecisionFilters()
  const [tab, setTab] = useQueryState('tab', parseAsStringLiteral(tabs).withDefault('record'))
  return (
    <>
      <PageHeader title="Decisions" meta="Every run of the scheduler: the request, the chosen nodes and the reasons." />
      <FilterBar {...filters} />
      <Tabs
        label="Decisions"
        value={tab}
        onChange={(next) => void setTab(next, { history: 'push' })}
        tabs={[
          { value: 'record', label: 'Record', content: () => <DecisionList {...filters} /> },
          { value: 'what-if', label: 'What if', content: () => <WhatIf {...filters} /> },
        ]}
      />
    </>
  )
}

'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { parseAsInteger, parseAsString, useQueryStates } from 'nuqs'
import { PolicyPicker } from '@/app/features/placement/policy-picker'
import { effectivePolicy, policyFromText, policyLabels } from '@/app/features/placement/policy-query'
import { useTRPC } from '@/app/trpc'
import { Field, Select } from '@/app/ui/form/field'
import { useSettled } from '@/app/ui/settled'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { formatList, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import { defaultPolicy } from '@/core/placement/types'
import type { WhatIfChange } from '@/core/views/decisions'
import type { DecisionFilters } from './filters'

/** Waits until the slider rests, because every decision is rebuilt and computed again. */
const pauseMs = 300
const counts = [20, 50, 100, 200]

const parameters = { policy: parseAsString.withDefault(''), newest: parseAsInteger.withDefault(20) }

/**
 * Replays the matching decisions, each on the fleet that it saw, under another policy, and lists those with a different
 * result.
 */
export function WhatIf({ asked }: DecisionFilters) {
  const trpc = useTRPC()
  const [view, setView] = useQueryStates(parameters)
  const settings = useQuery(trpc.settings.get.queryOptions())
  const installed = settings.data?.policy ?? defaultPolicy
  const policy = effectivePolicy(policyFromText(view.policy), installed)
  const { weights, packing } = policy
  const newest = counts.includes(view.newest) ? view.newest : 20
  const input = useSettled(
    JSON.stringify({ policy: packing ? { weights, packing } : { weights }, newest, filter: asked }),
    pauseMs,
  )
  const query = useQuery({
    ...trpc.decision.whatIf.queryOptions(JSON.parse(input)),
    placeholderData: keepPreviousData,
  })
  const report = query.data
  return (
    <>
      <div className="grid gap-x-10 gap-y-5 px-4 py-4 md:px-6 lg:grid-cols-[22rem_minmax(0,1fr)]">
        <PolicyPicker
          value={view.policy}
          onChange={(value) => void setView({ policy: value || null }, { history: 'replace' })}
          base={installed}
          baseLabel={`the default (${installed.name})`}
        />
        <div className="space-y-3">
          <Field label="Decisions to replay" hint="The newest that match the filters above." className="max-w-64">
            {(wiring) => (
              <Select
                {...wiring}
                value={newest}
                onChange={(event) => void setView({ newest: Number(event.target.value) }, { history: 'push' })}
              >
                {counts.map((count) => (
                  <option key={count} value={count}>
                    the newest {count}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          {report && (
            <p role="status" className="font-medium">
              {report.examined === 0
                ? 'No decisions match.'
                : `${report.changes.length} of ${plural(report.examined, 'decision')} would change with ${policyLabels(report.policy)}.`}
            </p>
          )}
          <p className="text-meta text-ink-3">
            Each decision is replayed separately on the fleet it saw. Changes nothing.
          </p>
        </div>
      </div>
      <QueryView query={query} failed="Could not replay the decisions" loading="Replaying decisions">
        {({ changes, examined }) =>
          changes.length === 0 ? (
            <Empty title="Nothing would change">
              {examined === 0 ? 'No decisions match these filters.' : 'All of them would have chosen the same nodes.'}
            </Empty>
          ) : (
            <Table
              caption="Decisions that would change"
              columns={columns}
              rows={changes}
              rowKey={(row) => row.decisionId}
              rowHref={(row) => `/decisions/${row.decisionId}`}
              question={input}
              outdated={query.isPlaceholderData || query.isFetching}
            />
          )
        }
      </QueryView>
    </>
  )
}

const names = (nodes: readonly string[], none: string) =>
  nodes.length === 0 ? (
    <span className="text-ink-3">{none}</span>
  ) : (
    <span title={nodes.join(', ')}>{formatList(nodes)}</span>
  )

const columns: Column<WhatIfChange>[] = [
  {
    id: 'deployment',
    header: 'Decision on',
    width: 'clamp(104px, 18vw, 220px)',
    cell: ({ decisionId, deploymentName }) => <RowLink href={`/decisions/${decisionId}`}>{deploymentName}</RowLink>,
  },
  { id: 'leaves', header: 'No longer on', cell: ({ leaves }) => names(leaves, 'none') },
  { id: 'comes', header: 'Instead on', cell: ({ comes }) => names(comes, 'not placed') },
  {
    id: 'stays',
    header: 'Still on',
    from: 'lg',
    cell: ({ before, leaves }) =>
      names(
        before.filter((name) => !leaves.includes(name)),
        'none',
      ),
  },
  { id: 'policy', header: 'Policy then', width: '104px', from: 'lg', cell: ({ policyThen }) => policyThen.name },
  {
    id: 'age',
    header: 'Age',
    width: '72px',
    align: 'right',
    cell: ({ createdAt }) => <Time at={createdAt} ago={false} />,
  },
]

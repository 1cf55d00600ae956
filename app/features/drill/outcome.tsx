'use client'

import { StatusIcon } from '@/app/ui/status/status-icon'
import { FilterTabs } from '@/app/ui/table/filter-tabs'
import { plural } from '@/app/ui/text/format'
import type { DrillCounts, DrillReport, DrillStage } from '@/core/insight/drill-report'
import { outageMessage } from '@/core/nodes/outage-protection'
import { headline, meanwhileText } from './labels'

interface OutcomeProps {
  report: DrillReport
  /** The counts of the stage that is shown. */
  counts: DrillCounts
  stage: DrillStage
  onStage: (stage: DrillStage) => void
}

/** The outcome in a sentence, and what limits it. */
export function Outcome({ report, counts, stage, onStage }: OutcomeProps) {
  const { mode, nodes, protections, waiting } = report
  // Replicas held by outage protection move only after an override.
  const isFine =
    protections.length === 0 && counts.byOutcome.keeps + counts.byOutcome.moves > 0 && counts.replicas === counts.placed
  return (
    <div className="max-w-4xl space-y-2">
      <p role="status" className="flex items-start gap-2 text-lead font-medium">
        <StatusIcon
          name={isFine ? 'running' : 'partial'}
          className={isFine ? 'mt-1 shrink-0 text-healthy' : 'mt-1 shrink-0 text-degraded'}
        />
        {headline(report, counts, { overridden: protections.length > 0 && stage === 'overridden' })}
      </p>
      <p className="text-ink-2">
        {plural(nodes, 'node')} with {plural(counts.replicas, 'replica')}; {counts.placed}{' '}
        {counts.placed === 1 ? 'fits' : 'fit'} elsewhere.{' '}
        {meanwhileText(mode, counts, stage === 'held' ? 'Until nodes return' : undefined)}
        {waiting > 0 && ` ${plural(waiting, 'deployment')} already ${waiting === 1 ? 'waits' : 'wait'} for capacity.`}
      </p>
      {protections.length > 0 && report.heldCounts && (
        <div className="space-y-2 border-l-2 border-degraded pl-3">
          <p>
            <span className="font-medium text-degraded">Outage protection would become active:</span>{' '}
            {protections.map(outageMessage).join('; ')}. Nothing moves until nodes return or you override it.{' '}
            {meanwhileText(mode, report.heldCounts, 'Until then')}
          </p>
          <FilterTabs
            label="Stage"
            value={stage}
            onChange={onStage}
            options={[
              { value: 'overridden', label: 'Once overridden' },
              { value: 'held', label: 'While active' },
            ]}
          />
        </div>
      )}
    </div>
  )
}

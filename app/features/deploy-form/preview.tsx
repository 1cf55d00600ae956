'use client'

import Link from 'next/link'
import { weightsIn } from '@/app/features/placement/labels'
import { RefusalNote } from '@/app/features/placement/refusal'
import { RefusedNodes } from '@/app/features/placement/refused-nodes'
import { ScoreBar, ScoreLegend } from '@/app/features/placement/score-bar'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { useLongOutdated } from '@/app/ui/settled'
import { SimulatedMark } from '@/app/ui/status/simulated-mark'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { formatScore, plural } from '@/app/ui/text/format'
import { Time } from '@/app/ui/text/time'
import type { PlacementSummary } from '@/core/placement/decision-summary'
import { standing } from '@/core/placement/standing'
import type { Policy, Suggestion, Verdict } from '@/core/placement/types'

interface PreviewProps {
  placement: PlacementSummary
  suggestedIds: Record<string, string>
  policy: Policy
  takenAt: string
  outdated: boolean
  waits: boolean
  onApply: (suggestion: Suggestion, nodeIds: string[]) => void
  blocked: (suggestion: Suggestion) => string | null
}

const nextBest = 3

/** Where the scheduler would place the replicas. */
export function Preview({ placement, suggestedIds, policy, takenAt, outdated, waits, onApply, blocked }: PreviewProps) {
  const { best, nodes, feasible } = placement
  const chosen = best.filter((verdict) => verdict.chosen > 0)
  const others = best.filter((verdict) => verdict.chosen === 0)
  const refused = nodes - feasible
  const longOutdated = useLongOutdated(outdated)
  return (
    <div aria-busy={outdated} className={cn('space-y-5', longOutdated && 'grayscale')}>
      <div role="status" className="space-y-3">
        {placement.refusal ? (
          <>
            <RefusalNote
              refusal={placement.refusal}
              action={(suggestion) => (
                <Button
                  blocked={blocked(suggestion)}
                  onClick={() =>
                    onApply(
                      suggestion,
                      suggestion.nodeIds.flatMap((name) => suggestedIds[name] ?? []),
                    )
                  }
                >
                  Apply
                </Button>
              )}
            />
            {waits && <p className="text-ink-2">It stays pending until there is capacity.</p>}
          </>
        ) : (
          <p className="flex items-center gap-2 font-medium">
            <StatusIcon name="running" className="shrink-0 text-healthy" />
            Fits: {plural(placement.chosen.length, 'replica')} on {plural(chosen.length, 'node')}
          </p>
        )}
      </div>
      {feasible > 0 && <ScoreLegend weights={weightsIn(placement.best, policy)} />}
      {chosen.length > 0 && <ScoredNodes title="Would be chosen" verdicts={chosen} placement={placement} />}
      {others.length > 0 && (
        <ScoredNodes
          title={chosen.length > 0 ? 'Next best' : `Eligible (${feasible})`}
          verdicts={others.slice(0, chosen.length > 0 ? nextBest : 8)}
          placement={placement}
        />
      )}
      {refused > 0 && (
        <section>
          <h3 className="mb-1 text-meta text-ink-3">
            Ineligible nodes: {refused} of {nodes}
          </h3>
          <RefusedNodes groups={placement.refused} />
        </section>
      )}
      <p className="text-meta text-ink-3">
        Computed <Time at={takenAt} />. Nothing is reserved until you deploy.
      </p>
    </div>
  )
}

function ScoredNodes({
  title,
  verdicts,
  placement,
}: {
  title: string
  verdicts: Verdict[]
  placement: PlacementSummary
}) {
  return (
    <section>
      <h3 className="mb-1 text-meta text-ink-3">{title}</h3>
      <ul>
        {verdicts.map((verdict) => (
          <li
            key={verdict.id}
            className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-1 border-t border-line py-1.5 sm:grid-cols-[minmax(0,11rem)_minmax(0,1fr)_3.5rem]"
          >
            <span className="flex min-w-0 items-baseline gap-2">
              <Link
                href={`/nodes/${verdict.id}`}
                prefetch={false}
                className="font-medium whitespace-nowrap hover:underline"
              >
                {verdict.nodeId}
              </Link>
              <span className="truncate text-meta text-ink-3">
                {verdict.region} {verdict.simulated && <SimulatedMark short />}
              </span>
            </span>
            <span className="max-sm:order-3 max-sm:col-span-2">
              <ScoreBar parts={verdict.parts} score={verdict.score ?? 0} />
            </span>
            <span className="text-right" title={standing(placement, verdict)}>
              {formatScore(verdict.score ?? 0)}
            </span>
            {verdict.chosen > 1 && <span className="text-meta text-ink-3">{verdict.chosen} replicas</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}

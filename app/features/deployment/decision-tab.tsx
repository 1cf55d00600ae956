'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { parseAsString, useQueryState } from 'nuqs'
import { DecidedRefusals } from '@/app/features/placement/decided-refusals'
import { weightsIn, whyText } from '@/app/features/placement/labels'
import { RefusalNote } from '@/app/features/placement/refusal'
import { requestText } from '@/app/features/placement/request-text'
import { ScoreLegend } from '@/app/features/placement/score-bar'
import { becauseText, triggerText } from '@/app/features/placement/trigger-labels'
import { VerdictTable } from '@/app/features/placement/verdict-table'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { Select } from '@/app/ui/form/field'
import { Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { useNow } from '@/app/ui/text/clock'
import { plural } from '@/app/ui/text/format'
import { exactTime, Time } from '@/app/ui/text/time'
import { policyText, type Suggestion } from '@/core/placement/types'
import type { DecisionSummary, DecisionView } from '@/core/views/decisions'
import type { DeploymentDetail } from '@/core/views/deployments'
import { isRefused } from './refused'

/** The recorded decisions of the scheduler for this deployment. */
export function DecisionTab({ deployment }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const [chosen, setChosen] = useQueryState('decision', parseAsString.withOptions({ history: 'push' }))
  const list = useQuery(trpc.deployment.decisions.queryOptions({ id: deployment.id }))
  const id = chosen ?? list.data?.[0]?.id
  const decision = useQuery({
    ...trpc.decision.get.queryOptions(id ? { id } : skipToken),
    placeholderData: keepPreviousData,
    // Decisions are immutable.
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <QueryView query={list} failed="Could not load the decisions" loading="Loading decision">
      {(decisions) =>
        decisions.length === 0 ? (
          <Empty title="No decision yet">
            The scheduler has not run for this deployment yet. Its decisions appear here.
          </Empty>
        ) : (
          <QueryView query={decision} failed="Could not load the decision" loading="Loading decision">
            {(shown) => (
              <>
                {decisions.length > 1 && (
                  <div className="px-4 pt-4 md:px-6">
                    <DecisionSelect
                      decisions={decisions}
                      value={id ?? ''}
                      onChange={(next) => void setChosen(next === decisions[0]?.id ? null : next)}
                    />
                  </div>
                )}
                <Decision
                  decision={shown}
                  follow={id === decisions[0]?.id && isRefused(deployment) ? deployment : null}
                />
              </>
            )}
          </QueryView>
        )
      }
    </QueryView>
  )
}

interface SuggestionLinkProps {
  suggestion: Suggestion
  index: number
  deploymentId: string
  decisionId: string
}

/** Links a suggestion to the update form with the change filled in, or to the nodes page when nodes have to change. */
function SuggestionLink({ suggestion, index, deploymentId, decisionId }: SuggestionLinkProps) {
  const [node] = suggestion.nodeIds
  const label = node === undefined ? 'Apply' : 'View nodes'
  const href =
    node === undefined
      ? `/deployments/${deploymentId}/update?decision=${decisionId}&suggestion=${index}`
      : `/nodes?q=${encodeURIComponent(node)}`
  return (
    <ButtonLink href={href} prefetch={false} aria-label={`${label}: ${suggestion.message}`} className="shrink-0">
      {label}
    </ButtonLink>
  )
}

interface DecisionSelectProps {
  decisions: DecisionSummary[]
  value: string
  onChange: (id: string) => void
}

function DecisionSelect({ decisions, value, onChange }: DecisionSelectProps) {
  const now = useNow()
  if (now === null) return null
  return (
    <Select aria-label="Decision" value={value} onChange={(event) => onChange(event.target.value)} className="max-w-xl">
      {decisions.map(({ id, createdAt, trigger, message }, index) => (
        <option key={id} value={id}>
          {index === 0 ? 'Latest: ' : ''}
          {exactTime(createdAt)}, {triggerText(trigger)}: {message}
        </option>
      ))}
    </Select>
  )
}

interface DecisionProps {
  decision: DecisionView
  /** The deployment if it waits for a change; null when the decision is history. */
  follow: DeploymentDetail | null
}

function Decision({ decision, follow }: DecisionProps) {
  const { placement, policy, request } = decision
  const { nodes, feasible } = placement
  const refused = nodes - feasible
  return (
    <>
      <div className="space-y-3 px-4 py-4 md:px-6">
        {placement.refusal ? (
          <RefusalNote
            refusal={placement.refusal}
            {...(follow &&
              !follow.blocked.update && {
                action: (suggestion, index) => (
                  <SuggestionLink {...{ suggestion, index }} deploymentId={follow.id} decisionId={decision.id} />
                ),
              })}
          />
        ) : (
          <p className="max-w-4xl">
            <span className="font-medium">{decision.message}.</span>{' '}
            <span className="text-ink-2">{whyText(placement).join(' ')}</span>
          </p>
        )}
        <p className="text-meta text-ink-3">
          <Link
            href={`/decisions/${decision.id}`}
            prefetch={false}
            className="underline underline-offset-2 hover:text-ink"
          >
            Decided
          </Link>{' '}
          <Time at={decision.createdAt} />, because {becauseText(decision.trigger)}. Requested: {requestText(request)}.
          Policy: {policyText(policy)}.
        </p>
      </div>
      {feasible > 0 && (
        <Section
          flush
          title={`${plural(feasible, 'eligible node')}`}
          actions={<ScoreLegend weights={weightsIn(placement.best, policy)} />}
          className="pb-2"
        >
          <VerdictTable placement={placement} allHref={`/scores?decision=${decision.id}`} decisionId={decision.id} />
        </Section>
      )}
      {refused > 0 && (
        <Section title={`${plural(refused, 'ineligible node')}`}>
          <DecidedRefusals groups={placement.refused} decisionId={decision.id} />
        </Section>
      )}
    </>
  )
}

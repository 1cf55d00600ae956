'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { whyText } from '@/app/features/placement/labels'
import { outcomeStyles } from '@/app/features/placement/outcome-styles'
import { policyLabels } from '@/app/features/placement/policy-query'
import { RefusalNote } from '@/app/features/placement/refusal'
import { requestText } from '@/app/features/placement/request-text'
import { becauseText } from '@/app/features/placement/trigger-labels'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { PageHeader, Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { StatusBadge } from '@/app/ui/status/status'
import { ExactTime, Time } from '@/app/ui/text/time'
import { usePageTitle } from '@/app/ui/text/title'
import type { DecisionView } from '@/core/views/decisions'
import { EveryNode } from './every-node'
import { OtherPolicy } from './other-policy'
import { Replay } from './replay'
import { WhyNode } from './why-node'

/** Decisions are immutable. */
const staleTime = Number.POSITIVE_INFINITY

export function DecisionPage({ id }: { id: string }) {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.decision.get.queryOptions({ id }), staleTime })
  usePageTitle(query.data && `Decision on ${query.data.deploymentName}`)
  return (
    <QueryView
      query={query}
      failed="Could not load the decision"
      loading="Loading decision"
      notFound={
        <Empty title="Decision not found" action={<ButtonLink href="/decisions">All decisions</ButtonLink>}>
          It may have been deleted after its retention period.
        </Empty>
      }
    >
      {(decision) => <Decision decision={decision} />}
    </QueryView>
  )
}

function Decision({ decision }: { decision: DecisionView }) {
  return (
    <>
      <Header decision={decision} />
      <Section title="Result">
        <Outcome decision={decision} />
      </Section>
      <Section title="Why not this node?" meta="Pick any node in the fleet at that time.">
        <WhyNode decision={decision} />
      </Section>
      <Section title="Under another policy" meta="Same request, same fleet. Changes nothing.">
        <OtherPolicy decision={decision} />
      </Section>
      <Section title="All nodes" flush className="pb-0">
        <EveryNode decisionId={decision.id} />
      </Section>
    </>
  )
}

function Header({ decision }: { decision: DecisionView }) {
  const { outcome, deploymentId, deploymentName, createdAt, trigger, request, policy } = decision
  return (
    <PageHeader
      title={`Decision on ${deploymentName}`}
      parent={{ href: '/decisions', label: 'Decisions' }}
      actions={
        <>
          <ButtonLink href={`/scores?decision=${decision.id}`} prefetch={false}>
            Scores
          </ButtonLink>
          <ButtonLink href={`/deployments/${deploymentId}`} prefetch={false}>
            Deployment
          </ButtonLink>
        </>
      }
      meta={
        <div className="space-y-1">
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
            <StatusBadge statusStyle={outcomeStyles[outcome]} className="font-medium" />
            <span>
              <Time at={createdAt} />, because {becauseText(trigger)}
            </span>
            <ExactTime at={createdAt} className="text-ink-3 max-sm:hidden" />
          </div>
          <p className="max-w-4xl">
            Requested: {requestText(request)}. Policy: {policy.name}, {policyLabels(policy)}.
          </p>
        </div>
      }
    />
  )
}

function Outcome({ decision }: { decision: DecisionView }) {
  const { placement, message } = decision
  return (
    <div className="space-y-3">
      {placement.refusal ? (
        <RefusalNote refusal={placement.refusal} />
      ) : (
        <p className="max-w-4xl">
          <span className="font-medium">{message}.</span>{' '}
          <span className="text-ink-2">{whyText(placement).join(' ')}</span>
        </p>
      )}
      {placement.chosen.length > 0 && (
        <ul aria-label="Chosen nodes" className="flex flex-wrap gap-x-6 gap-y-1">
          {placement.chosen.map(({ id, nodeId, score }, slot) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the index is the slot, and a node may appear several times
            <li key={slot} className="text-ink-2">
              Replica {slot + 1}:{' '}
              <Link href={`/nodes/${id}`} prefetch={false} className="font-medium text-ink hover:underline">
                {nodeId}
              </Link>{' '}
              {score.toFixed(3)}
            </li>
          ))}
        </ul>
      )}
      <Replay decisionId={decision.id} />
    </div>
  )
}

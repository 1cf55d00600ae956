'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { parseAsString, useQueryState } from 'nuqs'
import { useMemo } from 'react'
import { PolicyPicker } from '@/app/features/placement/policy-picker'
import { policyFromText } from '@/app/features/placement/policy-query'
import { RankingPanel } from '@/app/features/placement/ranking-panel'
import { useRankingView } from '@/app/features/placement/ranking-view'
import { requestText } from '@/app/features/placement/request-text'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { PageHeader } from '@/app/ui/layout-parts'
import { useSettled } from '@/app/ui/settled'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { Outcome } from './outcome'

const pauseMs = 50
/** Decisions are immutable. */
const staleTime = Number.POSITIVE_INFINITY

/** Scores on the fleet that a decision saw, under its policy or another one. */
export function RecordedScores({ id }: { id: string }) {
  const trpc = useTRPC()
  const [policyText, setPolicyText] = useQueryState('policy', parseAsString.withDefault(''))
  const ranking = useRankingView()
  const decision = useQuery({ ...trpc.decision.get.queryOptions({ id }), staleTime })
  const policy = policyFromText(policyText)
  const question = JSON.stringify({ id, ...(policy ? { policy } : {}), ...ranking.wanted })
  const asked = useSettled(question, pauseMs)
  const input = useMemo(() => JSON.parse(asked) as { id: string } & typeof ranking.wanted, [asked])
  const query = useQuery({
    ...trpc.placement.rankDecision.queryOptions(input),
    placeholderData: keepPreviousData,
    staleTime,
  })
  return (
    <>
      {!decision.data && <PageHeader title="Scores" />}
      <QueryView
        query={decision}
        failed="Could not load the decision"
        loading="Loading decision"
        notFound={
          <Empty title="Decision not found" action={<ButtonLink href="/decisions">All decisions</ButtonLink>}>
            It may have been deleted after its retention period.
          </Empty>
        }
      >
        {(record) => (
          <>
            <PageHeader
              title="Scores of a decision"
              parent={{ href: `/decisions/${id}`, label: 'Decision' }}
              meta={
                <>
                  Requested: {requestText(record.request)}.{' '}
                  <Link
                    href={`/deployments/${record.deploymentId}`}
                    className="underline underline-offset-2 hover:text-ink"
                  >
                    Deployment
                  </Link>
                </>
              }
            />
            <div className="grid gap-x-10 gap-y-5 border-t border-line px-4 py-4 md:px-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
              {query.data ? <Outcome ranking={query.data} recorded /> : <span />}
              <PolicyPicker
                value={policyText}
                onChange={(value) => void setPolicyText(value || null, { history: 'replace' })}
                base={record.policy}
                baseLabel={`as decided (${record.policy.name})`}
              />
            </div>
            <RankingPanel {...ranking} query={query} outdated={query.isPlaceholderData || question !== asked} />
          </>
        )}
      </QueryView>
    </>
  )
}

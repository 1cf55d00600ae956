'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { parseAsString, useQueryState } from 'nuqs'
import { useMemo } from 'react'
import type { PreviewInput } from '@/app/features/deploy-form/inputs'
import { PolicyPicker } from '@/app/features/placement/policy-picker'
import { policyFromText } from '@/app/features/placement/policy-query'
import { RankingPanel } from '@/app/features/placement/ranking-panel'
import { useRankingView } from '@/app/features/placement/ranking-view'
import { useTRPC } from '@/app/trpc'
import { PageHeader } from '@/app/ui/layout-parts'
import { useSettled } from '@/app/ui/settled'
import { QueryView } from '@/app/ui/status/query-view'
import { CopyButton } from '@/app/ui/text/copy'
import { curlText } from '@/app/ui/text/curl'
import { defaultPolicy } from '@/core/placement/types'
import { MakeDefault } from './make-default'
import { Outcome } from './outcome'
import { RequestFields } from './request-fields'
import { useTypedRequest } from './use-typed-request'

const pauseMs = 50

/** Scores on the current fleet, as if the request were deployed now. */
export function TypedScores({ deployment: deploymentId }: { deployment: string | null }) {
  const trpc = useTRPC()
  const settings = useQuery(trpc.settings.get.queryOptions())
  const { deployment, texts, request, problems, change } = useTypedRequest(deploymentId)
  const [policyText, setPolicyText] = useQueryState('policy', parseAsString.withDefault(''))
  const ranking = useRankingView()
  const policy = policyFromText(policyText)
  // Compared as text, because each render creates a new object for the same request.
  const question = request && JSON.stringify({ request, ...(policy ? { policy } : {}), ...ranking.wanted })
  const asked = useSettled(question, pauseMs)
  const input = useMemo(
    () => (asked === null ? null : (JSON.parse(asked) as { request: PreviewInput } & typeof ranking.wanted)),
    [asked],
  )
  const query = useQuery({
    ...trpc.placement.rank.queryOptions(input ?? skipToken),
    placeholderData: keepPreviousData,
  })
  const installed = settings.data?.policy ?? defaultPolicy
  const name = deployment.data?.name

  if (deploymentId && !deployment.data)
    return (
      <>
        <PageHeader title="Scores" />
        <QueryView query={deployment} failed="Could not load the deployment" loading="Loading deployment">
          {/* The page itself follows as soon as there is a deployment. */}
          {() => null}
        </QueryView>
      </>
    )
  return (
    <>
      <PageHeader
        title="Scores"
        meta={
          name ? (
            <>
              Scores for{' '}
              <Link href={`/deployments/${deploymentId}`} className="underline underline-offset-2 hover:text-ink">
                {name}
              </Link>{' '}
              as if it were deployed again now.
            </>
          ) : (
            'Scores of all nodes for any request on the current fleet. Nothing is placed.'
          )
        }
        actions={question && <CopyButton label="Copy as curl" text={() => rankCall(question)} />}
      />
      <div className="grid gap-x-10 gap-y-5 border-t border-line px-4 py-4 md:px-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="space-y-4">
          <RequestFields
            texts={texts}
            problems={problems}
            regions={query.data?.regions ?? []}
            onChange={(field, text) => {
              change(field, text)
              if (ranking.view.page > 1) void ranking.setView({ page: null }, { history: 'replace' })
            }}
          />
          {query.data && <Outcome ranking={query.data} />}
        </div>
        <div className="space-y-3">
          <PolicyPicker
            value={policyText}
            onChange={(value) => void setPolicyText(value || null, { history: 'replace' })}
            base={installed}
            baseLabel={`the default (${installed.name})`}
          />
          <MakeDefault
            input={policy}
            present={installed}
            onDone={() => void setPolicyText(null, { history: 'replace' })}
          />
        </div>
      </div>
      <RankingPanel {...ranking} query={query} outdated={query.isPlaceholderData || question !== asked} />
    </>
  )
}

/** The API call behind this page; its input is in the address. */
function rankCall(question: string): string {
  const path = `/api/trpc/placement.rank?input=${encodeURIComponent(question)}`
  return curlText({ method: 'GET', origin: window.location.origin, path })
}

'use client'

import { useQuery } from '@tanstack/react-query'
import dynamic from 'next/dynamic'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { useMoment } from '@/app/features/time-travel/moment'
import { PastBar } from '@/app/features/time-travel/past-bar'
import { PastPlacement } from '@/app/features/time-travel/past-placement'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { Tabs } from '@/app/ui/tabs'
import { usePageTitle } from '@/app/ui/text/title'
import type { DeploymentDetail } from '@/core/views/deployments'
import { DeploymentHeader } from './deployment-header'
import { PlacementTab } from './placement-tab'

// Only the open tab is loaded; the first one comes with the page.
const DecisionTab = dynamic(() => import('./decision-tab').then((tab) => tab.DecisionTab))
const TimelineTab = dynamic(() => import('./timeline-tab').then((tab) => tab.TimelineTab))
const LogsTab = dynamic(() => import('./logs/logs-tab').then((tab) => tab.LogsTab))
const HistoryTab = dynamic(() => import('./history-tab').then((tab) => tab.HistoryTab))
const RevisionsTab = dynamic(() => import('./revisions-tab').then((tab) => tab.RevisionsTab))

const tabs = ['placement', 'decision', 'timeline', 'logs', 'history', 'revisions'] as const

export function DeploymentPage({ id }: { id: string }) {
  const trpc = useTRPC()
  const query = useQuery(trpc.deployment.detail.queryOptions({ id }))
  usePageTitle(query.data?.name)
  return (
    <QueryView
      query={query}
      failed="Could not load the deployment"
      loading="Loading deployment"
      notFound={
        <Empty title="Deployment not found" action={<ButtonLink href="/deployments">All deployments</ButtonLink>}>
          Check the address. Deleted deployments keep their pages, so it may belong to another installation.
        </Empty>
      }
    >
      {(deployment) => <Deployment deployment={deployment} />}
    </QueryView>
  )
}

function Deployment({ deployment }: { deployment: DeploymentDetail }) {
  const [tab, setTab] = useQueryState(
    'tab',
    parseAsStringLiteral(tabs).withDefault('placement').withOptions({ history: 'push' }),
  )
  const moment = useMoment()
  return (
    <>
      <DeploymentHeader deployment={deployment} />
      <Tabs
        label="About this deployment"
        value={tab}
        onChange={(next) => void setTab(next)}
        tabs={[
          {
            value: 'placement',
            label: 'Placement',
            content: () =>
              moment.at === null ? (
                <PlacementTab deployment={deployment} />
              ) : (
                <PastBar {...moment} keepsPlace={false}>
                  <PastPlacement id={deployment.id} at={moment.at} />
                </PastBar>
              ),
          },
          { value: 'decision', label: 'Decision', content: () => <DecisionTab deployment={deployment} /> },
          {
            value: 'timeline',
            label: 'Timeline',
            content: () => (
              <PastBar {...moment} keepsPlace>
                <TimelineTab deployment={deployment} moment={moment} />
              </PastBar>
            ),
          },
          { value: 'logs', label: 'Logs', content: () => <LogsTab deployment={deployment} /> },
          { value: 'history', label: 'History', content: () => <HistoryTab deployment={deployment} /> },
          { value: 'revisions', label: 'Revisions', content: () => <RevisionsTab deployment={deployment} /> },
        ]}
      />
    </>
  )
}

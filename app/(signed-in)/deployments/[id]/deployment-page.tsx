'use client'

import { useQuery } from '@tanstack/react-query'
import { parseAsStringLiteral, useQueryState } from 'nuqs'
import { useTRPC } from '../../../trpc'
import { ButtonLink } from '../../../ui/button'
import { errorCode } from '../../../ui/errors'
import { Empty, ErrorState, Loading } from '../../../ui/states'
import { Tabs } from '../../../ui/tabs'
import { usePageTitle } from '../../../ui/title'
import { DecisionTab } from './decision-tab'
import { DeploymentHeader } from './deployment-header'
import { HistoryTab } from './history-tab'
import { PlacementTab } from './placement-tab'
import { RevisionsTab } from './revisions-tab'
import { TimelineTab } from './timeline-tab'

const tabs = ['placement', 'decision', 'timeline', 'history', 'revisions'] as const

export function DeploymentPage({ id }: { id: string }) {
  const trpc = useTRPC()
  const [tab, setTab] = useQueryState(
    'tab',
    parseAsStringLiteral(tabs).withDefault('placement').withOptions({ history: 'push' }),
  )
  const query = useQuery(trpc.deployment.detail.queryOptions({ id }))
  const deployment = query.data
  usePageTitle(deployment?.name)

  if (!deployment) {
    if (errorCode(query.error) === 'NOT_FOUND')
      return (
        <Empty
          title="There is no such deployment"
          action={<ButtonLink href="/deployments">All deployments</ButtonLink>}
        >
          The address may be wrong, or it belongs to another installation. Deleted deployments keep their pages.
        </Empty>
      )
    if (query.isError)
      return (
        <ErrorState error={query.error} what="The deployment could not be read" onRetry={() => void query.refetch()} />
      )
    return <Loading label="Reading the deployment" />
  }
  return (
    <>
      <DeploymentHeader deployment={deployment} />
      <Tabs
        label="About this deployment"
        value={tab}
        onChange={(next) => void setTab(next)}
        tabs={[
          { value: 'placement', label: 'Placement', content: () => <PlacementTab deployment={deployment} /> },
          { value: 'decision', label: 'Decision', content: () => <DecisionTab deployment={deployment} /> },
          { value: 'timeline', label: 'Timeline', content: () => <TimelineTab deployment={deployment} /> },
          { value: 'history', label: 'History', content: () => <HistoryTab deployment={deployment} /> },
          { value: 'revisions', label: 'Revisions', content: () => <RevisionsTab deployment={deployment} /> },
        ]}
      />
    </>
  )
}

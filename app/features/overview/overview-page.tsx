'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { NewButton } from '@/app/features/deployments/new-button'
import { eventColumns } from '@/app/features/events/columns'
import { useMe } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { ButtonLink } from '@/app/ui/button'
import { PageHeader, Section } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { Table } from '@/app/ui/table/table'
import { plural } from '@/app/ui/text/format'
import { may } from '@/core/accounts/roles'
import { RegionTable } from './region-table'
import { Problems } from './troubles'

/** Shows problems first, then the capacity of the fleet, then the latest events. */
export function OverviewPage() {
  const trpc = useTRPC()
  const query = useQuery(trpc.overview.get.queryOptions())
  const { data } = query
  const mayJoin = may(useMe().role, 'tokens.manage')
  return (
    <>
      <PageHeader
        title="Overview"
        meta={
          data && data.deployments > 0
            ? `${plural(data.deployments, 'deployment')}, ${data.running} running · ${data.replicas.running} of ${plural(data.replicas.wanted, 'desired replica')} running`
            : undefined
        }
        actions={<NewButton />}
      />
      <QueryView query={query} failed="Could not load the overview" loading="Loading overview">
        {(overview) =>
          overview.regions.length === 0 ? (
            <Empty
              title="No nodes yet"
              action={
                mayJoin && (
                  <ButtonLink href="/admin/join" variant="primary">
                    Join a node
                  </ButtonLink>
                )
              }
            >
              A node is any machine that runs Docker or Podman. Deployments run on nodes.
            </Empty>
          ) : (
            <>
              <Problems overview={overview} />
              <Section flush title="Capacity by region" meta="Reserved and actual usage">
                <RegionTable regions={overview.regions} />
              </Section>
              <LatestEvents />
            </>
          )
        }
      </QueryView>
    </>
  )
}

function LatestEvents() {
  const trpc = useTRPC()
  const query = useQuery(trpc.event.page.queryOptions({ kinds: ['deployment', 'node'], limit: 12 }))
  return (
    <Section
      flush
      title="Recent events"
      actions={
        <Link href="/events" className="text-meta text-ink-2 underline hover:text-ink">
          All events
        </Link>
      }
    >
      <QueryView query={query} failed="Could not load the events" loading="Loading events">
        {({ events }) => (
          <Table caption="Recent events" columns={eventColumns} rows={events} rowKey={(event) => event.id} />
        )}
      </QueryView>
    </Section>
  )
}

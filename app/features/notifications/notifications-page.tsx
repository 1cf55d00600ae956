'use client'

import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { PageHeader } from '@/app/ui/layout-parts'
import { Empty, ErrorState, Loading } from '@/app/ui/status/states'
import { ChannelDialog } from './channel-dialog'
import { ChannelTable } from './channel-table'

/** In the address: the channel that is edited, or that one is made. */
const makesOne = 'new'

export function NotificationsPage() {
  const trpc = useTRPC()
  const query = useQuery(trpc.notification.list.queryOptions())
  const [edit, setEdit] = useQueryState('edit', parseAsString)
  const { data } = query
  const edited = data?.find(({ id }) => id === edit)
  const close = () => void setEdit(null, { history: 'replace' })
  const newButton = (
    <Button
      variant="primary"
      icon={<Plus size={14} aria-hidden />}
      onClick={() => void setEdit(makesOne, { history: 'push' })}
    >
      New channel
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Notifications"
        meta="Alerts go to channels, when something goes wrong and when it is over."
        actions={data?.length !== 0 && newButton}
      />
      <div className="border-t border-line">
        {query.isError && !data ? (
          <ErrorState error={query.error} what="Could not load the channels" onRetry={() => void query.refetch()} />
        ) : !data ? (
          <Loading label="Loading channels" />
        ) : data.length === 0 ? (
          <Empty title="No channels yet" action={newButton}>
            A channel sends what goes wrong to where people look: to Slack, Mattermost or Discord, or as signed JSON to
            any program. It receives failed deployments, offline nodes, outage protection and work whose retries are
            exhausted.
          </Empty>
        ) : (
          <ChannelTable channels={data} onEdit={(id) => void setEdit(id, { history: 'push' })} />
        )}
      </div>
      {edit === makesOne && <ChannelDialog channel={null} onClose={close} />}
      {edited && <ChannelDialog key={edited.id} channel={edited} onClose={close} />}
    </>
  )
}

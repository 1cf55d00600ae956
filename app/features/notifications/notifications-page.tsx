'use client'

import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { parseAsString, useQueryState } from 'nuqs'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { PageHeader } from '@/app/ui/layout-parts'
import { QueryView } from '@/app/ui/status/query-view'
import { Empty } from '@/app/ui/status/states'
import { ChannelDialog } from './channel-dialog'
import { ChannelTable } from './channel-table'

/** In the address: the id of the edited channel, or a mark for a new one. */
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
        meta="Channels receive alerts when something fails and when it recovers."
        actions={data?.length !== 0 && newButton}
      />
      <div className="border-t border-line">
        <QueryView query={query} failed="Could not load the channels" loading="Loading channels">
          {(channels) =>
            channels.length === 0 ? (
              <Empty title="No channels yet" action={newButton}>
                A channel sends alerts to Slack, Mattermost or Discord, or as signed JSON to any webhook: failed
                deployments, offline nodes, outage protection and exhausted retries.
              </Empty>
            ) : (
              <ChannelTable channels={channels} onEdit={(id) => void setEdit(id, { history: 'push' })} />
            )
          }
        </QueryView>
      </div>
      {edit === makesOne && <ChannelDialog channel={null} onClose={close} />}
      {edited && <ChannelDialog key={edited.id} channel={edited} onClose={close} />}
    </>
  )
}

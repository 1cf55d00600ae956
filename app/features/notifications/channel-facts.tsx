import { Facts } from '@/app/ui/layout-parts'
import { StatusBadge } from '@/app/ui/status/status'
import { Time } from '@/app/ui/text/time'
import type { NotificationChannelView } from '@/core/notifications/notification'
import { channelStyle } from './labels'

/** The state of a channel, with the full error, which does not fit in the table. */
export function ChannelFacts({ channel }: { channel: NotificationChannelView }) {
  const { failing, pausedAt, lastDeliveredAt, waiting, createdBy } = channel
  const tried = failing && !pausedAt
  return (
    <div className="mb-4 space-y-3 border-b border-line pb-4">
      <Facts
        narrow
        facts={[
          { name: 'State', value: <StatusBadge statusStyle={channelStyle(channel)} /> },
          { name: 'Last delivery', value: lastDeliveredAt ? <Time at={lastDeliveredAt} /> : 'none yet' },
          { name: 'Waiting', value: waiting },
          tried && failing.nextTryAt
            ? { name: 'Next attempt', value: <Time at={failing.nextTryAt} /> }
            : { name: 'Created by', value: createdBy },
        ]}
      />
      {tried && <p className="break-words text-ink-2">{failing.error}</p>}
    </div>
  )
}

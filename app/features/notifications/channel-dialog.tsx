'use client'

import { Dialog } from '@/app/ui/overlay/dialog'
import type { NotificationChannelView } from '@/core/notifications/notification'
import { ChannelFacts } from './channel-facts'
import { ChannelForm } from './channel-form'

interface ChannelDialogProps {
  /** Null for a new channel. */
  channel: NotificationChannelView | null
  onClose: () => void
}

export function ChannelDialog({ channel, onClose }: ChannelDialogProps) {
  return (
    <Dialog open onClose={onClose} title={channel ? `Edit ${channel.name}` : 'New channel'}>
      {channel && <ChannelFacts channel={channel} />}
      <ChannelForm channel={channel} onDone={onClose} />
    </Dialog>
  )
}

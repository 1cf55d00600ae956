'use client'

import type { NotificationChannelView } from '@/server/domain/notification'
import { Dialog } from '../../../ui/dialog'
import { ChannelFacts } from './channel-facts'
import { ChannelForm } from './channel-form'

interface ChannelDialogProps {
  /** null: a new one */
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

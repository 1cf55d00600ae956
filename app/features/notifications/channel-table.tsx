'use client'

import { Pause, Pencil, Play, Send, Trash2 } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { StatusBadge } from '@/app/ui/status/status'
import type { Column } from '@/app/ui/table/column'
import { RowLink } from '@/app/ui/table/row-link'
import { Table } from '@/app/ui/table/table'
import { errorSentence } from '@/app/ui/text/errors'
import { Time } from '@/app/ui/text/time'
import { type NotificationChannelView, notificationKinds } from '@/core/notifications/notification'
import { DeleteDialog } from './delete-dialog'
import { channelStyle, eventLabels, kindLabels } from './labels'
import { TestDialog } from './test-dialog'
import { usePause } from './use-pause'

type Channel = NotificationChannelView

const placeOf = ({ id }: Channel): string => `/admin/notifications?edit=${id}`

const facts: Column<Channel>[] = [
  {
    id: 'name',
    header: 'Channel',
    cell: (channel) => (
      <span className="block">
        <RowLink href={placeOf(channel)}>{channel.name}</RowLink>
        <span className="block truncate text-meta text-ink-3">
          <span className="sm:hidden">{channelStyle(channel).label} · </span>
          <AddressOrError channel={channel} />
        </span>
      </span>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: '128px',
    from: 'sm',
    cell: (channel) => (
      <span className="block">
        <StatusBadge statusStyle={channelStyle(channel)} />
        {channel.failing && !channel.pausedAt && (
          <span className="block text-meta text-ink-3">
            for <Time at={channel.failing.since} ago={false} />
          </span>
        )}
      </span>
    ),
  },
  {
    id: 'delivered',
    header: 'Last delivery',
    width: '112px',
    from: 'lg',
    cell: ({ lastDeliveredAt }) =>
      lastDeliveredAt ? (
        <Time at={lastDeliveredAt} className="text-ink-2" />
      ) : (
        <span className="text-ink-3">none yet</span>
      ),
  },
  {
    id: 'waiting',
    header: 'Waiting',
    width: '76px',
    align: 'right',
    from: 'lg',
    cell: ({ waiting }) => (waiting === 0 ? <span className="text-ink-3">0</span> : waiting),
  },
  {
    id: 'next',
    header: 'Next attempt',
    width: '104px',
    from: '2xl',
    cell: ({ failing, pausedAt }) =>
      failing?.nextTryAt && !pausedAt ? (
        <Time at={failing.nextTryAt} className="text-ink-2" />
      ) : (
        <span className="text-ink-3">–</span>
      ),
  },
  {
    id: 'events',
    header: 'Events',
    width: '84px',
    from: 'xl',
    cell: ({ events }) => (
      <span title={events.map((kind) => eventLabels[kind]).join('\n')}>
        {events.length === notificationKinds.length ? 'all' : `${events.length} of ${notificationKinds.length}`}
      </span>
    ),
  },
]

function AddressOrError({ channel: { failing, pausedAt, kind, address, signed } }: { channel: Channel }) {
  if (failing && !pausedAt) return <span title={failing.error}>{failing.error}</span>
  return (
    <span title={signed ? 'Messages are signed' : undefined}>
      {kindLabels[kind].label}
      {signed && ', signed'} · {address}
    </span>
  )
}

/** Three actions on phones, where the name opens the form; four from 640 px, with labels from 1280 px. */
const actionsWidth = 'calc(clamp(148px, (100vw - 639px) * 1000, 196px) + clamp(0px, (100vw - 1279px) * 1000, 196px))'

interface ChannelActions {
  test: (channel: Channel) => void
  edit: (channel: Channel) => void
  setPaused: (channel: Channel, paused: boolean) => void
  remove: (channel: Channel) => void
}

const actionsColumn = ({ test, edit, setPaused, remove }: ChannelActions): Column<Channel> => ({
  id: 'actions',
  header: <span className="sr-only">Actions</span>,
  width: actionsWidth,
  align: 'right',
  whole: true,
  cell: (channel) => (
    <span className="inline-flex">
      <Action icon={<Send size={14} aria-hidden />} word="Send a test" to={channel} onClick={() => test(channel)} />
      <span className="max-sm:hidden">
        <Action icon={<Pencil size={14} aria-hidden />} word="Edit" to={channel} onClick={() => edit(channel)} />
      </span>
      {channel.pausedAt === null ? (
        <Action
          icon={<Pause size={14} aria-hidden />}
          word="Pause"
          to={channel}
          onClick={() => setPaused(channel, true)}
        />
      ) : (
        <Action
          icon={<Play size={14} aria-hidden />}
          word="Resume"
          to={channel}
          onClick={() => setPaused(channel, false)}
        />
      )}
      <Action icon={<Trash2 size={14} aria-hidden />} word="Delete" to={channel} onClick={() => remove(channel)} />
    </span>
  ),
})

interface ChannelTableProps {
  channels: Channel[]
  onEdit: (id: string) => void
}

export function ChannelTable({ channels, onEdit }: ChannelTableProps) {
  const [tested, setTested] = useState<Channel | null>(null)
  const [deleted, setDeleted] = useState<Channel | null>(null)
  const pause = usePause()
  const actions = actionsColumn({
    test: setTested,
    edit: ({ id }) => onEdit(id),
    setPaused: pause.set,
    remove: setDeleted,
  })
  return (
    <>
      {pause.problem !== null && <FieldError className="px-4 py-3 md:px-6">{errorSentence(pause.problem)}</FieldError>}
      <Table
        caption="Notification channels"
        columns={[...facts, actions]}
        rows={channels}
        rowKey={({ id }) => id}
        rowHref={placeOf}
        keyboard
        tall
      />
      {tested && <TestDialog channel={tested} onClose={() => setTested(null)} />}
      {deleted && <DeleteDialog channel={deleted} onClose={() => setDeleted(null)} />}
    </>
  )
}

interface ActionProps {
  icon: ReactNode
  word: string
  to: Channel
  onClick: () => void
}

/** The label is shown where there is space. */
function Action({ icon, word, to, onClick }: ActionProps) {
  return (
    <Button variant="ghost" size="sm" icon={icon} title={word} aria-label={`${word}: ${to.name}`} onClick={onClick}>
      <span className="max-xl:hidden">{word}</span>
    </Button>
  )
}

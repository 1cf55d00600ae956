'use client'

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { useFieldProblems } from '@/app/ui/form/use-fields'
import { useNotice } from '@/app/ui/overlay/notice'
import {
  type ChannelKind,
  channelSecretProblem,
  channelUrlProblem,
  type NotificationChannelView,
  type NotificationKind,
  notificationKinds,
} from '@/core/notifications/notification'

interface ChannelFormState {
  name: string
  kind: ChannelKind
  url: string
  secret: string
  /** Whether the current secret is to be removed. */
  unsign: boolean
  events: NotificationKind[]
}

const fieldNames = ['name', 'kind', 'url', 'secret', 'events'] as const

/** Secret fields of an existing channel may stay blank, which keeps the current value. */
function problemsOf(form: ChannelFormState, isNew: boolean): Partial<Record<(typeof fieldNames)[number], string>> {
  const url = isNew || form.url !== '' ? channelUrlProblem(form.url.trim()) : null
  const secret = form.kind === 'webhook' && form.secret !== '' ? channelSecretProblem(form.secret) : null
  return {
    ...(form.name.trim() === '' && { name: 'Enter a name' }),
    ...(url !== null && { url }),
    ...(secret !== null && { secret }),
    ...(form.events.length === 0 && { events: 'Select at least one event' }),
  }
}

export function useChannelForm(channel: NotificationChannelView | null, onDone: () => void) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const [form, setForm] = useState<ChannelFormState>({
    name: channel?.name ?? '',
    kind: channel?.kind ?? 'webhook',
    url: '',
    secret: '',
    unsign: false,
    events: channel?.events ?? [...notificationKinds],
  })
  const { problems, set, take } = useFieldProblems(fieldNames)
  const create = useMutation(trpc.notification.create.mutationOptions())
  const update = useMutation(trpc.notification.update.mutationOptions())
  const busy = create.isPending || update.isPending

  const save = (): void => {
    if (busy) return
    const wrong = problemsOf(form, channel === null)
    set(wrong)
    if (Object.keys(wrong).length > 0) return
    const { name, kind, events } = form
    const [url, secret] = [form.url.trim(), kind === 'webhook' ? form.secret : '']
    const settled = {
      onError: take,
      onSuccess: () => {
        void queries.invalidateQueries({ queryKey: trpc.notification.pathKey() })
        notice({ text: channel ? `Saved ${name.trim()}` : `Created ${name.trim()}` })
        onDone()
      },
    }
    if (channel === null) create.mutate({ name, kind, events, url, secret: secret || null }, settled)
    else {
      const change = { ...(url !== '' && { url }), ...(form.unsign ? { secret: null } : secret !== '' && { secret }) }
      update.mutate({ id: channel.id, name, kind, events, ...change }, settled)
    }
  }
  return {
    form,
    change: (change: Partial<ChannelFormState>) => setForm((old) => ({ ...old, ...change })),
    problems,
    busy,
    save,
  }
}

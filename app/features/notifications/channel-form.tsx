'use client'

import type { FormEvent } from 'react'
import { Button } from '@/app/ui/button'
import { Field, FieldError, Input, Select } from '@/app/ui/form/field'
import { channelKinds, type NotificationChannelView, notificationLimits } from '@/core/notifications/notification'
import { EventsField } from './events-field'
import { kindLabels } from './labels'
import { SecretField } from './secret-field'
import { useChannelForm } from './use-channel-form'

interface ChannelFormProps {
  channel: NotificationChannelView | null
  onDone: () => void
}

export function ChannelForm({ channel, onDone }: ChannelFormProps) {
  const { form, change, problems, busy, save } = useChannelForm(channel, onDone)
  const kindLabel = kindLabels[form.kind]
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    save()
  }
  return (
    <form noValidate onSubmit={submit} className="space-y-4">
      <Field label="Name" error={problems.name}>
        {(wiring) => (
          <Input
            {...wiring}
            placeholder="on call"
            autoComplete="off"
            maxLength={notificationLimits.name}
            value={form.name}
            onChange={(event) => change({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Kind" error={problems.kind}>
        {(wiring) => (
          <Select
            {...wiring}
            value={form.kind}
            onChange={(event) => change({ kind: channelKinds.find((one) => one === event.target.value) ?? form.kind })}
          >
            {channelKinds.map((kind) => (
              <option key={kind} value={kind}>
                {kindLabels[kind].option}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field
        label="Address"
        error={problems.url}
        hint={channel ? `Leave blank to keep ${channel.address}` : `${kindLabel.hint} It is stored encrypted.`}
      >
        {(wiring) => (
          <Input
            {...wiring}
            inputMode="url"
            placeholder={kindLabel.placeholder}
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            value={form.url}
            onChange={(event) => change({ url: event.target.value })}
          />
        )}
      </Field>
      {form.kind === 'webhook' && (
        <SecretField
          signed={channel?.signed ?? false}
          value={form.secret}
          unsign={form.unsign}
          onChange={change}
          error={problems.secret}
        />
      )}
      <EventsField chosen={form.events} onChange={(events) => change({ events })} error={problems.events} />
      {problems[''] && <FieldError>{problems['']}</FieldError>}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" variant="primary" busy={busy}>
          {channel ? 'Save' : 'Create'}
        </Button>
      </div>
    </form>
  )
}

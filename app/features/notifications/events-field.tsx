'use client'

import { useId } from 'react'
import { Checkbox, FieldError } from '@/app/ui/form/field'
import { type NotificationKind, notificationKinds } from '@/core/notifications/notification'
import { eventLabels } from './labels'

interface EventsFieldProps {
  chosen: NotificationKind[]
  onChange: (chosen: NotificationKind[]) => void
  error: string | undefined
}

export function EventsField({ chosen, onChange, error }: EventsFieldProps) {
  const errorId = useId()
  return (
    <fieldset aria-describedby={error ? errorId : undefined}>
      <legend className="mb-1.5 font-medium">Notify on</legend>
      <div className="grid gap-x-4 gap-y-1.5 sm:grid-cols-2">
        {notificationKinds.map((kind) => (
          <Checkbox
            key={kind}
            label={<span className="font-normal">{eventLabels[kind]}</span>}
            checked={chosen.includes(kind)}
            onChange={(event) =>
              onChange(notificationKinds.filter((one) => (one === kind ? event.target.checked : chosen.includes(one))))
            }
          />
        ))}
      </div>
      {error && (
        <FieldError id={errorId} className="mt-1">
          {error}
        </FieldError>
      )}
    </fieldset>
  )
}

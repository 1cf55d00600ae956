'use client'

import { useMutation } from '@tanstack/react-query'
import { LoaderCircle } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { Facts } from '@/app/ui/layout-parts'
import { Dialog } from '@/app/ui/overlay/dialog'
import { StatusIcon } from '@/app/ui/status/status-icon'
import { errorSentence } from '@/app/ui/text/errors'
import { formatDuration } from '@/app/ui/text/format'
import type { DeliveryOutcome, NotificationChannelView } from '@/core/notifications/notification'

/** Sends a test message when it opens and shows the result. */
export function TestDialog({ channel, onClose }: { channel: NotificationChannelView; onClose: () => void }) {
  const trpc = useTRPC()
  const test = useMutation(trpc.notification.test.mutationOptions())
  const { mutate } = test
  const sentTo = useRef('')
  useEffect(() => {
    // Effects may run twice; the message must be sent once.
    if (sentTo.current === channel.id) return
    sentTo.current = channel.id
    mutate({ id: channel.id })
  }, [mutate, channel.id])
  return (
    <Dialog open onClose={onClose} title={`Test of ${channel.name}`} description={`One message to ${channel.address}`}>
      <div aria-live="polite" className="min-h-20">
        {test.data && !test.isPending ? (
          <Outcome outcome={test.data} />
        ) : test.error ? (
          <FieldError>{errorSentence(test.error)}</FieldError>
        ) : (
          <p className="flex items-center gap-2 text-ink-2">
            <LoaderCircle size={14} className="spinning" aria-hidden /> Waiting for a response…
          </p>
        )}
      </div>
      <div className="mt-4 flex justify-end gap-2">
        <Button busy={test.isPending} onClick={() => mutate({ id: channel.id })}>
          Send another
        </Button>
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  )
}

function Outcome({ outcome: { ok, status, error, tookMs } }: { outcome: DeliveryOutcome }) {
  return (
    <div className="space-y-3">
      <p className={`flex items-start gap-2 ${ok ? 'text-healthy' : 'text-failed'}`}>
        <StatusIcon name={ok ? 'running' : 'failed'} className="mt-[3px] shrink-0" />
        <span className="min-w-0 break-words">{ok ? 'Delivered' : error}</span>
      </p>
      <Facts
        narrow
        facts={[
          { name: 'HTTP status', value: status ?? 'no response' },
          { name: 'Duration', value: formatDuration(tookMs) },
        ]}
      />
    </div>
  )
}

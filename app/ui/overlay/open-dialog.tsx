'use client'

import { X } from 'lucide-react'
import { Dialog as Radix } from 'radix-ui'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import type { OpenDialogProps } from './dialog-props'

/** A modal dialog; the focus returns to where it was. */
export default function OpenDialog({ onClose, title, description, children, wide = false }: OpenDialogProps) {
  return (
    <Radix.Root open onOpenChange={(next) => !next && onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="appear fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          {...(description ? {} : { 'aria-describedby': undefined })}
          className={cn(
            'appear fixed inset-x-3 top-[12dvh] z-50 mx-auto max-h-[80dvh] overflow-y-auto rounded-overlay border border-line bg-raised p-4 shadow-overlay outline-none',
            wide ? 'max-w-4xl' : 'max-w-lg',
          )}
        >
          <Radix.Title className="pr-10 text-lead font-semibold break-words">{title}</Radix.Title>
          {description && <Radix.Description className="mt-1 text-ink-2">{description}</Radix.Description>}
          <div className="mt-4">{children}</div>
          {/* Last, so that the focus starts at the first field. */}
          <Radix.Close asChild>
            <Button
              variant="ghost"
              aria-label="Close"
              icon={<X size={16} aria-hidden />}
              className="absolute top-3 right-3"
            />
          </Radix.Close>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

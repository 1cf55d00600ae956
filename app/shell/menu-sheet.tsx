'use client'

import { X } from 'lucide-react'
import { Dialog } from 'radix-ui'
import type { ReactNode } from 'react'
import { Button } from '@/app/ui/button'
import { Brand } from './brand'
import { UserMenu } from './user-menu'

/** The content of the sidebar, for narrow windows. */
export default function MenuSheet({ close, children }: { close: () => void; children: ReactNode }) {
  return (
    <Dialog.Root open onOpenChange={(next) => !next && close()}>
      <Dialog.Portal>
        <Dialog.Overlay className="appear fixed inset-0 z-40 bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="appear fixed inset-y-0 left-0 z-50 flex w-72 max-w-[85vw] flex-col border-r border-line bg-raised shadow-overlay outline-none"
        >
          <div className="flex items-center justify-between py-2 pr-2 pl-4">
            <Dialog.Title asChild>
              <span>
                <Brand />
              </span>
            </Dialog.Title>
            <Dialog.Close asChild>
              <Button variant="ghost" aria-label="Close menu" icon={<X size={18} aria-hidden />} />
            </Dialog.Close>
          </div>
          {children}
          <div className="mt-auto border-t border-line p-2">
            <UserMenu />
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

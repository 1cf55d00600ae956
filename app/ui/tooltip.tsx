'use client'

import { Tooltip as Radix } from 'radix-ui'
import { type ReactNode, useState } from 'react'
import { overlayHost } from './overlay-host'

export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Radix.Provider delayDuration={250} skipDelayDuration={200}>
    {children}
  </Radix.Provider>
)

/** On hover and on focus, and on a tap: fingers don't hover. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactNode }) {
  const [open, setOpen] = useState(false)
  return (
    <Radix.Root open={open} onOpenChange={setOpen}>
      <Radix.Trigger
        asChild
        onClick={(event) => {
          // Radix closes on a click; a tap is the only way to ask on a touch screen.
          event.preventDefault()
          setOpen(true)
        }}
      >
        {children}
      </Radix.Trigger>
      <Radix.Portal container={overlayHost()}>
        <Radix.Content
          sideOffset={6}
          collisionPadding={8}
          className="appear z-50 max-w-72 rounded-overlay border border-line bg-raised px-2.5 py-1.5 text-meta text-ink shadow-overlay"
        >
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

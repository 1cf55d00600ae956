'use client'

import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

interface TabsProps<Value extends string> {
  label: string
  value: Value
  onChange: (value: Value) => void
  tabs: { value: Value; label: string; content: () => ReactNode }[]
}

/** Only the open tab is in the page, so only its queries are asked. */
export function Tabs<Value extends string>({ label, value, onChange, tabs }: TabsProps<Value>) {
  return (
    <Radix.Root
      value={value}
      onValueChange={(next) => onChange(tabs.find((tab) => tab.value === next)?.value ?? value)}
    >
      <Radix.List aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line px-2 md:px-4">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="relative h-10 shrink-0 px-2 font-medium text-ink-2 after:absolute after:inset-x-2 after:bottom-0 after:h-0.5 hover:text-ink focus-visible:-outline-offset-4 data-[state=active]:text-ink data-[state=active]:after:bg-accent pointer-coarse:h-12"
          >
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="outline-none">
          {tab.value === value && tab.content()}
        </Radix.Content>
      ))}
    </Radix.Root>
  )
}

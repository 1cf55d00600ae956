'use client'

import { type KeyboardEvent, type ReactNode, useId } from 'react'

interface TabsProps<Value extends string> {
  label: string
  value: Value
  onChange: (value: Value) => void
  tabs: { value: Value; label: string; content: () => ReactNode }[]
}

/**
 * Only the open tab is rendered, so only its queries run. The Tab key reaches the open tab; arrows, Home and End open
 * others. Unlike the tabs of Radix, a tab does not open because it gets the focus: after going back in the history, the
 * browser gives the focus to the tab that was pressed before, and it must not open again.
 */
export function Tabs<Value extends string>({ label, value, onChange, tabs }: TabsProps<Value>) {
  const id = useId()
  const openAt = tabs.findIndex((tab) => tab.value === value)
  const open = tabs[openAt]
  const move = (event: KeyboardEvent<HTMLDivElement>): void => {
    const next = steps[event.key]?.(openAt, tabs.length)
    const tab = next === undefined || event.altKey || event.ctrlKey || event.metaKey ? undefined : tabs.at(next)
    if (!tab) return
    event.preventDefault()
    onChange(tab.value)
    event.currentTarget.querySelectorAll<HTMLElement>('[role=tab]')[tabs.indexOf(tab)]?.focus()
  }
  return (
    <>
      <div
        role="tablist"
        aria-label={label}
        onKeyDown={move}
        className="flex gap-1 overflow-x-auto border-b border-line px-2 md:px-4"
      >
        {tabs.map((tab) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            id={`${id}-${tab.value}`}
            aria-selected={tab === open}
            aria-controls={tab === open ? `${id}-panel` : undefined}
            tabIndex={tab === open ? 0 : -1}
            onClick={() => onChange(tab.value)}
            className="relative h-10 shrink-0 px-2 font-medium text-ink-2 after:absolute after:inset-x-2 after:bottom-0 after:h-0.5 hover:text-ink focus-visible:-outline-offset-4 aria-selected:text-ink aria-selected:after:bg-accent pointer-coarse:h-12"
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div
        key={value}
        role="tabpanel"
        id={`${id}-panel`}
        aria-labelledby={`${id}-${value}`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a panel without anything to press must be reachable, too
        tabIndex={0}
        className="outline-none"
      >
        {open?.content()}
      </div>
    </>
  )
}

/** The target of each key: an index, with -1 for the last tab. */
const steps: Record<string, ((from: number, count: number) => number) | undefined> = {
  ArrowRight: (from, count) => (from + 1) % count,
  ArrowLeft: (from) => from - 1,
  Home: () => 0,
  End: () => -1,
}

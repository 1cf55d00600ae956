'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { Boxes, CornerDownLeft, type LucideIcon, Monitor, Moon, Search, Server, Sun } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useTheme } from 'next-themes'
import { Dialog } from 'radix-ui'
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useState } from 'react'
import { useMe } from '@/app/features/session/me'
import { useTRPC } from '@/app/trpc'
import { cn } from '@/app/ui/cn'
import { deploymentStyle, nodeStyle, StatusBadge } from '@/app/ui/status/status'
import { may } from '@/core/accounts/roles'
import { destinations } from './nav'

interface Entry {
  id: string
  group: string
  label: string
  icon: LucideIcon
  aside?: React.ReactNode
  run: () => void
}

/** Navigates to any page, finds deployments and nodes, and runs harmless commands. */
export default function OpenPalette({ close }: { close: () => void }) {
  return (
    <Dialog.Root open onOpenChange={(next) => !next && close()}>
      <Dialog.Portal>
        <Dialog.Overlay className="appear fixed inset-0 z-40 bg-scrim" />
        <Dialog.Content
          aria-describedby={undefined}
          className="appear fixed inset-x-3 top-[12dvh] z-50 mx-auto max-w-xl overflow-hidden rounded-overlay border border-line bg-raised shadow-overlay outline-none"
        >
          <Dialog.Title className="sr-only">Search and commands</Dialog.Title>
          <PaletteBody close={close} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

function PaletteBody({ close }: { close: () => void }) {
  const listId = useId()
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const entries = useEntries(text.trim(), close)
  const active = Math.min(at, entries.length - 1)

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      if (entries.length > 0) setAt((active + step + entries.length) % entries.length)
    } else if (event.key === 'Enter') {
      event.preventDefault()
      entries[active]?.run()
    }
  }
  useEffect(() => {
    document.getElementById(`${listId}-${active}`)?.scrollIntoView({ block: 'nearest' })
  }, [listId, active])

  return (
    <>
      <div className="flex items-center gap-2 border-b border-line px-3">
        <Search size={16} aria-hidden className="shrink-0 text-ink-3" />
        <input
          // biome-ignore lint/a11y/noAutofocus: the dialog was opened in order to type
          autoFocus
          role="combobox"
          aria-label="Search deployments, nodes and pages"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={active >= 0 ? `${listId}-${active}` : undefined}
          placeholder="Search deployments, nodes and pages"
          value={text}
          onChange={(event) => {
            setText(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
          className="h-12 w-full bg-transparent text-lead outline-none placeholder:text-ink-3"
        />
      </div>
      <div id={listId} role="listbox" aria-label="Results" className="max-h-[50dvh] overflow-y-auto p-1">
        {entries.map((entry, index) => (
          <PaletteRow
            key={entry.id}
            id={`${listId}-${index}`}
            entry={entry}
            first={entries[index - 1]?.group !== entry.group}
            active={index === active}
            onHover={() => setAt(index)}
          />
        ))}
        {entries.length === 0 && <p className="px-3 py-6 text-center text-ink-2">No results for “{text}”.</p>}
      </div>
    </>
  )
}

interface PaletteRowProps {
  id: string
  entry: Entry
  first: boolean
  active: boolean
  onHover: () => void
}

function PaletteRow({ id, entry, first, active, onHover }: PaletteRowProps) {
  const Icon = entry.icon
  return (
    <>
      {first && (
        <div role="presentation" className="px-2 pt-2 pb-1 text-meta text-ink-3">
          {entry.group}
        </div>
      )}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field above handles the keys of the whole list */}
      <div
        id={id}
        role="option"
        tabIndex={-1}
        aria-selected={active}
        onPointerMove={onHover}
        onClick={entry.run}
        className={cn(
          'flex h-(--control-height) cursor-pointer items-center gap-2 rounded-control px-2',
          active && 'bg-selected',
        )}
      >
        <Icon size={14} aria-hidden className="shrink-0 text-ink-3" />
        <span className="min-w-0 truncate">{entry.label}</span>
        <span className="ml-auto flex items-center gap-2 text-meta">
          {entry.aside}
          {active && <CornerDownLeft size={12} aria-hidden className="text-ink-3" />}
        </span>
      </div>
    </>
  )
}

const matches = (label: string, text: string): boolean => label.toLowerCase().includes(text.toLowerCase())

function useEntries(text: string, close: () => void): Entry[] {
  const trpc = useTRPC()
  const router = useRouter()
  const { role } = useMe()
  const { setTheme } = useTheme()
  const search = useDeferredValue(text)
  const deployments = useQuery({
    ...trpc.deployment.page.queryOptions(search ? { search, limit: 8 } : skipToken),
    placeholderData: keepPreviousData,
  })
  const nodes = useQuery({
    ...trpc.node.find.queryOptions(search ? { text: search } : skipToken),
    placeholderData: keepPreviousData,
  })
  const go = (href: string) => () => {
    close()
    router.push(href)
  }
  const entries: Entry[] = []
  if (text) {
    for (const found of deployments.data?.items ?? []) {
      if (!matches(found.name, text) && !matches(found.image, text)) continue
      const href = `/deployments/${found.id}`
      const aside = <StatusBadge statusStyle={deploymentStyle(found)} />
      entries.push({ id: href, group: 'Deployments', label: found.name, icon: Boxes, aside, run: go(href) })
    }
    for (const node of nodes.data ?? []) {
      if (!matches(node.nodeId, text)) continue
      const href = `/nodes/${node.id}`
      const aside = <StatusBadge statusStyle={nodeStyle(node)} />
      entries.push({ id: href, group: 'Nodes', label: node.nodeId, icon: Server, aside, run: go(href) })
    }
  }
  for (const { href, label, icon, permission, key } of destinations) {
    if (permission !== null && !may(role, permission)) continue
    const aside = key ? <kbd className="font-sans text-ink-3">g {key}</kbd> : null
    entries.push({ id: href, group: 'Go to', label, icon, aside, run: go(href) })
  }
  const theme = (id: string, label: string, icon: LucideIcon): Entry => ({
    id: `theme-${id}`,
    group: 'Theme',
    label,
    icon,
    run: () => {
      setTheme(id)
      close()
    },
  })
  entries.push(theme('light', 'Light theme', Sun), theme('dark', 'Dark theme', Moon))
  entries.push(theme('system', 'System theme', Monitor))
  return entries.filter(({ group, label }) => group === 'Deployments' || group === 'Nodes' || matches(label, text))
}

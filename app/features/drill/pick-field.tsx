'use client'

import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { type KeyboardEvent, useDeferredValue, useId, useRef, useState } from 'react'
import { useTRPC } from '@/app/trpc'
import { cn } from '@/app/ui/cn'
import { controlClass, Field } from '@/app/ui/form/field'
import { OptionList, optionId } from '@/app/ui/form/option-list'
import { plural } from '@/app/ui/text/format'
import { drillLimits } from '@/core/insight/drill-report'
import type { DrillViewState, Picked } from './drill-view'

const kindLabels = { region: 'Region', zone: 'Zone', node: 'Node' } as const

interface Option extends Picked {
  aside: string
}

interface PickFieldProps {
  picks: readonly Picked[]
  add: DrillViewState['add']
  remove: DrillViewState['remove']
}

/** Selects what fails: a field that finds regions, zones and nodes by name, with the current selection. */
export function PickField({ picks, add, remove }: PickFieldProps) {
  const input = useRef<HTMLInputElement>(null)
  return (
    <div>
      <Field label="Nodes, regions and zones" className="max-w-md">
        {(wiring) => (
          <Finder
            inputProps={{ ...wiring, ref: input }}
            picks={picks}
            onAdd={add}
            onBackspace={() => {
              const last = picks.at(-1)
              if (last) remove(last)
            }}
          />
        )}
      </Field>
      {picks.length > 0 && (
        <ul aria-label="Selected" className="mt-2 flex flex-wrap gap-1.5">
          {picks.map((pick) => (
            <li key={`${pick.kind} ${pick.name}`}>
              <button
                type="button"
                aria-label={`Remove ${kindLabels[pick.kind].toLowerCase()} ${pick.name}`}
                onClick={() => {
                  remove(pick)
                  // Moves the focus, because the button disappears.
                  input.current?.focus()
                }}
                className="inline-flex h-7 max-w-full items-center gap-1.5 rounded-control border border-control px-2 hover:bg-hover pointer-coarse:h-10"
              >
                <span className="text-meta text-ink-3">{kindLabels[pick.kind]}</span>
                <span className="truncate font-medium">{pick.name}</span>
                <X size={12} aria-hidden className="shrink-0 text-ink-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

interface FinderProps {
  inputProps: React.ComponentProps<'input'>
  picks: readonly Picked[]
  onAdd: (pick: Picked) => void
  onBackspace: () => void
}

function Finder({ inputProps, picks, onAdd, onBackspace }: FinderProps) {
  const listId = useId()
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const options = useOptions(text.trim(), picks)
  const active = Math.min(at, options.length - 1)
  const visible = open && options.length > 0
  const take = (option: Option): void => {
    onAdd({ kind: option.kind, name: option.name })
    setText('')
    setAt(0)
    setOpen(false)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const option = options[active]
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      const step = event.key === 'ArrowDown' ? 1 : -1
      if (visible) setAt((active + step + options.length) % options.length)
      setOpen(true)
    } else if (event.key === 'Enter' && visible && option) {
      event.preventDefault()
      take(option)
    } else if (event.key === 'Escape' && open) {
      event.stopPropagation()
      setOpen(false)
    } else if (event.key === 'Backspace' && text === '') onBackspace()
  }
  return (
    <div className="relative">
      <input
        {...inputProps}
        type="search"
        role="combobox"
        aria-expanded={visible}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={visible ? optionId(listId, active) : undefined}
        autoComplete="off"
        placeholder="Search by name"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setAt(0)
          setOpen(true)
        }}
        onClick={() => setOpen(true)}
        onKeyDown={onKeyDown}
        onBlur={() => setOpen(false)}
        className={cn(controlClass, '[&::-webkit-search-cancel-button]:appearance-none')}
      />
      <OptionList
        id={listId}
        label="Suggestions"
        visible={visible}
        options={options.map((option, index) => ({
          key: `${option.kind} ${option.name}`,
          content: (
            <>
              <span className="w-12 shrink-0 text-meta text-ink-3">{kindLabels[option.kind]}</span>
              <span className="min-w-0 truncate">{option.name}</span>
              <span className="ml-auto shrink-0 text-meta text-ink-3">{option.aside}</span>
            </>
          ),
          selected: index === active,
          take: () => take(option),
          className: 'gap-2',
        }))}
        active={active}
        className="max-h-72"
      />
    </div>
  )
}

const shownOfEach = 8

/** Matches that are not selected yet: regions and zones first, and nodes once something is typed. */
function useOptions(text: string, picks: readonly Picked[]): Option[] {
  const trpc = useTRPC()
  const search = useDeferredValue(text)
  const { data: places } = useQuery(trpc.drill.places.queryOptions())
  const { data: nodes } = useQuery({
    ...trpc.node.find.queryOptions(search ? { text: search } : skipToken),
    placeholderData: keepPreviousData,
  })
  const wanted = text.toLowerCase()
  const few = (options: Option[]): Option[] =>
    options
      .filter(({ name }) => name.toLowerCase().includes(wanted))
      .filter(({ kind, name }) => !picks.some((pick) => pick.kind === kind && pick.name === name))
      .slice(0, shownOfEach)
  const placesOf = (kind: 'region' | 'zone', all: { name: string; nodes: number }[] = []): Option[] =>
    few(all.map(({ name, nodes: count }) => ({ kind, name, aside: plural(count, 'node') })))
  const found = text ? (nodes ?? []) : []
  const isFull = picks.filter(({ kind }) => kind === 'node').length >= drillLimits.nodes
  return [
    ...placesOf('region', places?.regions),
    ...placesOf('zone', places?.zones),
    ...(isFull ? [] : few(found.map(({ nodeId, region }) => ({ kind: 'node', name: nodeId, aside: region })))),
  ]
}

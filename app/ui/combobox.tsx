'use client'

import { type ComponentProps, type KeyboardEvent, useId, useState } from 'react'
import { cn } from './cn'
import { Input } from './field'

interface ComboboxProps extends Omit<ComponentProps<typeof Input>, 'value' | 'onChange' | 'unit'> {
  value: string
  onChange: (value: string) => void
  /** Suggestions; anything else may be typed too. */
  options: string[]
  onBlur?: () => void
}

/** A text field that suggests. Arrow keys walk, Enter takes, Escape closes. */
export function Combobox({ value, onChange, options, onBlur, ...rest }: ComboboxProps) {
  const listId = useId()
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const wanted = value.trim().toLowerCase()
  const exact = options.some((option) => option.toLowerCase() === wanted)
  const shown = exact ? options : options.filter((option) => option.toLowerCase().includes(wanted))
  const take = (option: string): void => {
    onChange(option)
    setOpen(false)
    setAt(-1)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      const step = event.key === 'ArrowDown' ? 1 : -1
      setAt((old) => (shown.length === 0 ? -1 : (old + step + shown.length) % shown.length))
    } else if (event.key === 'Enter' && open) {
      const option = shown[at]
      if (option !== undefined) {
        event.preventDefault()
        take(option)
      }
    } else if (event.key === 'Escape' && open) {
      event.stopPropagation()
      setOpen(false)
    }
  }
  const visible = open && shown.length > 0
  return (
    <div className="relative">
      <Input
        {...rest}
        role="combobox"
        aria-expanded={visible}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={visible && at >= 0 ? `${listId}-${at}` : undefined}
        autoComplete="off"
        value={value}
        onChange={(event) => {
          onChange(event.target.value)
          setOpen(true)
          setAt(-1)
        }}
        onFocus={() => setOpen(true)}
        onClick={() => setOpen(true)}
        onKeyDown={onKeyDown}
        onBlur={() => {
          setOpen(false)
          onBlur?.()
        }}
      />
      <div
        id={listId}
        role="listbox"
        aria-label="Suggestions"
        hidden={!visible}
        className="absolute inset-x-0 top-full z-20 mt-1 max-h-56 overflow-y-auto rounded-overlay border border-line bg-raised py-1 shadow-overlay"
      >
        {shown.map((option, index) => (
          <div
            key={option}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={option === value}
            // Before the field loses the focus, or the list would be gone when the click arrives.
            onPointerDown={(event) => {
              event.preventDefault()
              take(option)
            }}
            className={cn(
              'flex h-(--control-height) cursor-pointer items-center px-2.5 hover:bg-hover',
              index === at && 'bg-selected',
              option === value && 'font-medium',
            )}
          >
            {option}
          </div>
        ))}
      </div>
    </div>
  )
}

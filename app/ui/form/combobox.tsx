'use client'

import { type ComponentProps, type KeyboardEvent, useId, useState } from 'react'
import { Input } from './field'
import { OptionList, optionId } from './option-list'

interface ComboboxProps extends Omit<ComponentProps<typeof Input>, 'value' | 'onChange' | 'unit'> {
  value: string
  onChange: (value: string) => void
  /** Suggestions; any other text may be typed, too. */
  options: string[]
  onBlur?: () => void
}

/** A text field with suggestions. Arrow keys move, Enter selects, Escape closes. */
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
        aria-activedescendant={visible && at >= 0 ? optionId(listId, at) : undefined}
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
      <OptionList
        id={listId}
        label="Suggestions"
        visible={visible}
        options={shown.map((option) => ({
          key: option,
          content: option,
          selected: option === value,
          take: () => take(option),
          className: option === value ? 'font-medium' : '',
        }))}
        active={at}
        className="max-h-56"
      />
    </div>
  )
}

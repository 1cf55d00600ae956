'use client'

import type { ReactNode } from 'react'
import { cn } from '@/app/ui/cn'

interface ListedOption {
  key: string
  content: ReactNode
  /** The accessible name of the list. */
  selected: boolean
  take: () => void
  className?: string
}

interface OptionListProps {
  id: string
  label: string
  visible: boolean
  options: ListedOption[]
  /** Index of the option that Enter selects. */
  active: number
  className: string
}

/** The list below a combobox; the field handles the keys. */
export function OptionList({ id, label, visible, options, active, className }: OptionListProps) {
  return (
    <div
      id={id}
      role="listbox"
      aria-label={label}
      hidden={!visible}
      className={cn(
        'absolute inset-x-0 top-full z-20 mt-1 overflow-y-auto rounded-overlay border border-line bg-raised py-1 shadow-overlay',
        className,
      )}
    >
      {options.map(({ key, content, selected, take, className: statusStyle }, index) => (
        <div
          key={key}
          id={optionId(id, index)}
          role="option"
          tabIndex={-1}
          aria-selected={selected}
          // Selects before the field loses the focus; otherwise the list would close before the click arrives.
          onPointerDown={(event) => {
            event.preventDefault()
            take()
          }}
          className={cn(
            'flex h-(--control-height) cursor-pointer items-center px-2.5 hover:bg-hover',
            index === active && 'bg-selected',
            statusStyle,
          )}
        >
          {content}
        </div>
      ))}
    </div>
  )
}

/** The id of an option, for aria-activedescendant of the field. */
export const optionId = (listId: string, index: number): string => `${listId}-${index}`

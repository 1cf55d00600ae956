'use client'

import { cn } from '@/app/ui/cn'

interface FilterTabsProps<Value extends string> {
  label: string
  value: Value
  onChange: (value: Value) => void
  options: { value: Value; label: string; count?: number | undefined }[]
  /** While counts load, the space of the tabs is reserved, because counts would move them. */
  counting?: boolean
}

/** A choice among a few options, with a count for each where known. */
export function FilterTabs<Value extends string>(props: FilterTabsProps<Value>) {
  const { label, value, onChange, options, counting = false } = props
  return (
    <fieldset className={cn('flex min-w-0 flex-wrap gap-px', counting && 'invisible')}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={cn(
            'inline-flex h-(--control-height) items-center gap-1.5 rounded-control px-2.5 whitespace-nowrap',
            option.value === value ? 'bg-selected font-medium text-ink' : 'text-ink-2 hover:bg-hover hover:text-ink',
          )}
        >
          {option.label}
          {option.count !== undefined && (
            <span className={cn('text-meta', option.value === value ? 'text-ink-2' : 'text-ink-3')}>
              {option.count}
            </span>
          )}
        </button>
      ))}
    </fieldset>
  )
}

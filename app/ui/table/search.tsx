'use client'

import { Search } from 'lucide-react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { cn } from '@/app/ui/cn'
import { controlClass } from '@/app/ui/form/field'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  className?: string
}

const pauseMs = 250

/**
 * Searches while the user types, after a short pause, and at once on blur: a later search would pull back a user who is
 * already leaving the page. `/` focuses the field (app/shell/shortcuts.tsx).
 */
export function SearchField({ label, value, onChange, className }: SearchFieldProps) {
  // Typed text that is not reported yet; null while the field shows its `value`.
  const [typed, setTyped] = useState<string | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const text = typed ?? value
  const submit = useCallback(
    (next: string): void => {
      setTyped(null)
      onChange(next)
    },
    [onChange],
  )
  // Text typed before hydration is only in the DOM.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only as the page comes alive
  useEffect(() => {
    if (input.current && input.current.value !== value) setTyped(input.current.value)
  }, [])
  useEffect(() => {
    if (typed === null) return
    const timer = setTimeout(() => submit(typed), pauseMs)
    return () => clearTimeout(timer)
  }, [typed, submit])
  return (
    <div className={cn('relative', className)}>
      <Search size={14} aria-hidden className="pointer-events-none absolute inset-y-0 left-2.5 my-auto text-ink-3" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => typed !== null && submit(typed)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            if (text === '') event.currentTarget.blur()
            else submit('')
          }
          if (event.key === 'Enter') submit(text)
        }}
        className={cn(controlClass, 'pl-8 [&::-webkit-search-cancel-button]:appearance-none')}
      />
    </div>
  )
}

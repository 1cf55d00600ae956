'use client'

import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { cn } from './cn'
import { controlClass } from './field'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  className?: string
}

const pauseMs = 250

/** Answers as one types, after a short pause; `/` jumps here (app/shell/shortcuts.tsx). */
export function SearchField({ label, value, onChange, className }: SearchFieldProps) {
  const [text, setText] = useState(value)
  const [seen, setSeen] = useState(value)
  const input = useRef<HTMLInputElement>(null)
  // What was typed before the page came alive stands in the field, and nowhere else.
  useEffect(() => {
    if (input.current?.value) setText(input.current.value)
  }, [])
  // The address may change by itself: Back, or a link.
  if (value !== seen) {
    setSeen(value)
    setText(value)
  }
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), pauseMs)
    return () => clearTimeout(timer)
  }, [text, value, onChange])
  return (
    <div className={cn('relative', className)}>
      <Search size={14} aria-hidden className="pointer-events-none absolute inset-y-0 left-2.5 my-auto text-ink-3" />
      <input
        ref={input}
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            if (text === '') event.currentTarget.blur()
            else setText('')
          }
          if (event.key === 'Enter') onChange(text)
        }}
        className={cn(controlClass, 'pl-8 [&::-webkit-search-cancel-button]:appearance-none')}
      />
    </div>
  )
}

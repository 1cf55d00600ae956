'use client'

import { Input } from './field'

interface PeriodProps {
  /** In the format of the browser's field: 2026-01-31T12:00; empty means no limit. */
  after: string
  before: string
  onChange: (change: { after: string | null } | { before: string | null }) => void
}

/** A start and an end, in the user's time zone. */
export function Period({ after, before, onChange }: PeriodProps) {
  const field = (label: string, value: string, change: (value: string | null) => void) => (
    // biome-ignore lint/a11y/noLabelWithoutControl: the field is inside it
    <label className="flex min-w-0 items-center gap-1.5 text-meta text-ink-2 max-sm:flex-col max-sm:items-start">
      {label}
      <Input
        type="datetime-local"
        value={value}
        onChange={(event) => change(event.target.value || null)}
        className="min-w-0 sm:w-48"
      />
    </label>
  )
  return (
    <div className="grid grid-cols-2 gap-2 max-sm:w-full sm:flex">
      {field('From', after, (value) => onChange({ after: value }))}
      {field('To', before, (value) => onChange({ before: value }))}
    </div>
  )
}

/** The time in ISO 8601; undefined when the field is empty or invalid. */
export const momentOf = (text: string): string | undefined =>
  text !== '' && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : undefined

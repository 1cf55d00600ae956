'use client'

import { cn } from '@/app/ui/cn'
import { useNow } from './clock'
import { formatAge } from './format'

const exact = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'long',
  hourCycle: 'h23',
})
const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const
const clockTime = new Intl.DateTimeFormat(undefined, clock)
const clockTenths = new Intl.DateTimeFormat(undefined, { ...clock, fractionalSecondDigits: 1 })

/** The exact time in the user's time zone. Only in the browser: the server doesn't know the zone. */
export const exactTime = (at: string | number): string => exact.format(new Date(at))
export const exactClock = (at: string | number): string => clockTime.format(new Date(at))
/** With tenths of a second, for axes of a few seconds. */
export const tenthsClock = (at: string | number): string => clockTenths.format(new Date(at))

const moment = new Intl.DateTimeFormat(undefined, {
  ...clock,
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  fractionalSecondDigits: 3,
})
/** The exact time of a past state: several events may share a tenth of a second. */
export const momentTime = (at: number): string => moment.format(new Date(at))

interface TimeProps {
  at: string
  /** "4 min" in columns headed Age, "4 min ago" in sentences. */
  ago?: boolean
  className?: string | undefined
}

/** A relative time that updates; the title shows the exact time. */
export function Time({ at, ago = true, className }: TimeProps) {
  const now = useNow()
  if (now === null) return <time dateTime={at} className={className} />
  const age = Date.parse(at) - now
  const distance = formatAge(Math.abs(age))
  const ahead = age > 1000
  const text = distance === 'now' ? 'now' : ahead ? `in ${distance}` : ago ? `${distance} ago` : distance
  return (
    <time dateTime={at} title={exactTime(at)} className={cn('whitespace-nowrap', className)}>
      {text}
    </time>
  )
}

/** The exact time in full, for records. */
export function ExactTime({ at, className }: { at: string; className?: string | undefined }) {
  const now = useNow()
  return (
    <time dateTime={at} className={className}>
      {now === null ? '' : exactTime(at)}
    </time>
  )
}

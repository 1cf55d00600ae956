/**
 * Ranges of numbers and times from outside: what database columns and JavaScript can hold, limited to what makes sense.
 * Users get an error with the range; numbers from agents are clamped to it.
 */

export interface Range {
  min: number
  max: number
}

/** PostgreSQL's `int`; most numbers are stored in such a column. */
export const int4: Range = { min: -(2 ** 31), max: 2 ** 31 - 1 }
/** Whole numbers from zero that fit an `int`. */
export const counts: Range = { min: 0, max: int4.max }
export const portNumbers: Range = { min: 1, max: 65_535 }
export const percentages: Range = { min: 0, max: 100 }

/** Limits for the labels of one node; `key` and `value` are lengths in characters. */
export const labelLimits = { count: 100, key: 63, value: 63 } as const

export const isWithin = (value: number, { min, max }: Range): boolean => value >= min && value <= max
export const clamped = (value: number, { min, max }: Range): number => Math.min(Math.max(value, min), max)

/** Returns the value if it is a whole number within the range, else null. */
export const wholeWithin = (value: number | null, range: Range): number | null =>
  value !== null && Number.isInteger(value) && isWithin(value, range) ? value : null

/** PostgreSQL has no year 0, and ISO 8601 writes years of five digits differently; both are surely mistakes. */
const years: Range = { min: 1970, max: 9999 }
const times: Range = { min: Date.UTC(years.min, 0), max: Date.UTC(years.max + 1, 0) - 1 }

/** Returns what is wrong with a time in ISO 8601, as a sentence; null when it can be stored. */
export function timeProblem(text: string): string | null {
  if (isWithin(Date.parse(text), times)) return null
  return `Give a time between the years ${years.min} and ${years.max}`
}

const timePattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/

/** Returns a time from an agent in UTC to the millisecond; null (unknown) when it is invalid. */
export const storableTime = (text: string | null): string | null =>
  text !== null && timePattern.test(text) && timeProblem(text) === null
    ? new Date(Date.parse(text)).toISOString()
    : null

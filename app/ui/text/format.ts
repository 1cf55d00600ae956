/** Formats numbers and durations. Pure: the current time is an argument. */

const trimmed = (value: number, digits: number): string => String(Number(value.toFixed(digits)))

/** "1 / 8 GiB", "512 MiB / 8 GiB", "1 / 4 cores": shows the unit once when both have the same. */
export function formatPair(part: number, whole: number, format: (amount: number) => string): string {
  const [partText, wholeText] = [format(part), format(whole)]
  const [partNumber, partUnit] = partText.split(' ')
  const isSameUnit = partUnit?.replace(/s$/, '') === wholeText.split(' ')[1]?.replace(/s$/, '')
  return `${isSameUnit || part === 0 ? partNumber : partText} / ${wholeText}`
}

export const formatPercent = (percent: number): string => `${Math.round(percent)} %`

/** A score or a part of it: always three digits, so that columns align. */
export const formatScore = (score: number): string => score.toFixed(3)

/** With a true minus sign, and a plus for gains. */
export const formatGap = (gap: number): string => `${gap < 0 ? '−' : '+'}${Math.abs(gap).toFixed(3)}`

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** The two most significant units: "850 ms", "4.2 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function formatDuration(ms: number): string {
  if (ms < second) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10 * second) return `${trimmed(ms / second, 1)} s`
  if (ms < minute) return `${Math.round(ms / second)} s`
  const pair = (big: number, bigName: string, small: number, smallName: string): string => {
    const rest = Math.floor((ms % big) / small)
    return `${Math.floor(ms / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
  }
  if (ms < hour) return pair(minute, 'min', second, 's')
  if (ms < day) return pair(hour, 'h', minute, 'min')
  return pair(day, 'd', hour, 'h')
}

/** One unit, for columns of ages: "now", "12 s", "4 min", "3 h", "12 d". */
export function formatAge(ms: number): string {
  if (ms < second) return 'now'
  if (ms < minute) return `${Math.floor(ms / second)} s`
  if (ms < hour) return `${Math.floor(ms / minute)} min`
  if (ms < day) return `${Math.floor(ms / hour)} h`
  return `${Math.floor(ms / day)} d`
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`

/** "a", "a and b", "a, b and c" */
export function formatList(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? ''
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`
}

/** A stretch of time without events, drawn shortened. */
interface Break {
  from: number
  to: number
  /** Percent of the width. */
  start: number
  end: number
}

export interface Tick {
  at: number
  position: number
  /** Milliseconds between this tick and its neighbors: determines how precisely its label is written. */
  step: number
}

/** Converts between times and positions. */
export interface Scale {
  /** The position of a time in percent of the width, 0..100. */
  position: (at: number) => number
  /** The time at a position. */
  moment: (position: number) => number
}

export interface Axis extends Scale {
  breaks: Break[]
  ticks: Tick[]
}

/** Pauses below this length are never shortened. */
const shortestBreakMs = 20_000
const breakPercent = 9
const mostBreaksPercent = 45

interface AxisInput {
  /** The times of events; those outside `from` and `to` are ignored. */
  times: readonly number[]
  from: number
  to: number
  /** The width of a tick's label in percent of the whole width. */
  tickEveryPercent?: number
}

interface Span {
  from: number
  to: number
  quiet: boolean
  start: number
  end: number
}

/**
 * Fits a record to the width: stretches without events are shortened and marked, so that a start of eight seconds stays
 * readable next to five days of running.
 */
export function buildAxis({ times, from, to, tickEveryPercent = 11 }: AxisInput): Axis {
  const moments = [...new Set([from, ...times.filter((at) => at > from && at < to), to])].sort((a, b) => a - b)
  const spans = moments
    .slice(1)
    .map((end, index) => ({ from: moments[index] ?? from, to: end, quiet: false, start: 0, end: 0 }))
  markQuiet(spans)
  layOut(spans)
  const position = (at: number): number => {
    const span = spans.find((one) => at <= one.to) ?? spans.at(-1)
    if (!span || at <= from) return 0
    const share = span.to > span.from ? (at - span.from) / (span.to - span.from) : 1
    return Math.min(100, span.start + (span.end - span.start) * Math.min(1, share))
  }
  const moment = (place: number): number => {
    const span = spans.find((one) => place <= one.end) ?? spans.at(-1)
    if (!span || place <= 0) return from
    const share = span.end > span.start ? (place - span.start) / (span.end - span.start) : 1
    return Math.min(to, Math.round(span.from + (span.to - span.from) * Math.min(1, share)))
  }
  const breaks = spans.filter(({ quiet }) => quiet).map(({ from, to, start, end }) => ({ from, to, start, end }))
  return { position, moment, breaks, ticks: makeTicks(spans, tickEveryPercent) }
}

/** A pause is quiet when it is longer than twice all busy stretches together. */
function markQuiet(spans: Span[]): void {
  const length = ({ from, to }: Span): number => to - from
  let lively = 0
  for (const span of [...spans].sort((a, b) => length(a) - length(b))) {
    if (lively > 0 && length(span) > Math.max(shortestBreakMs, 2 * lively)) span.quiet = true
    else lively += length(span)
  }
}

function layOut(spans: Span[]): void {
  const quiet = spans.filter((span) => span.quiet).length
  const eachBreak = quiet === 0 ? 0 : Math.min(breakPercent, mostBreaksPercent / quiet)
  const lively = spans.reduce((sum, span) => (span.quiet ? sum : sum + span.to - span.from), 0)
  let at = 0
  for (const span of spans) {
    const width = span.quiet ? eachBreak : ((100 - quiet * eachBreak) * (span.to - span.from)) / Math.max(1, lively)
    span.start = at
    at = Math.min(100, at + width)
    span.end = at
  }
}

const steps = [
  100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 14_400_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000, 2_592_000_000,
]

/** Round times within each busy stretch, far enough apart to be readable. */
function makeTicks(spans: Span[], tickEveryPercent: number): Tick[] {
  const ticks: Tick[] = []
  for (const run of livelyRuns(spans)) {
    const width = run.end - run.start
    if (width < tickEveryPercent) continue
    const perPercent = (run.to - run.from) / width
    const step = steps.find((one) => one >= perPercent * tickEveryPercent) ?? perPercent * tickEveryPercent
    for (let at = Math.ceil(run.from / step) * step; at <= run.to; at += step)
      ticks.push({ at, position: run.start + (at - run.from) / perPercent, step })
  }
  return ticks
}

function livelyRuns(spans: Span[]): Omit<Span, 'quiet'>[] {
  const runs: Omit<Span, 'quiet'>[] = []
  let joined = false
  for (const { quiet, ...span } of spans) {
    const last = runs.at(-1)
    if (quiet) joined = false
    else if (joined && last) {
      last.to = span.to
      last.end = span.end
    } else {
      runs.push({ ...span })
      joined = true
    }
  }
  return runs
}

/** The report of a run, for people and for programs. */
import type { FaultLog } from './attack'
import type { ChaosOptions } from './chaos-options'
import { type CheckName, checks, type Violation } from './ledger'

interface Verdict {
  held: CheckName[]
  broken: CheckName[]
}

export interface Report {
  options: ChaosOptions
  startedAt: string
  seconds: number
  planned: number
  log: FaultLog
  /** Successful definite answers, by call. */
  acknowledged: Record<string, number>
  /** Calls that had to be repeated, by what came instead of an answer. */
  unanswered: Record<string, number>
  answers: Record<string, number>
  settledSeconds: number
  rounds: { done: number; missed: number }
  counts: Record<string, number>
  totals: Record<string, Record<string, number>>
  violations: Violation[]
  verdict: Verdict
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, each) => total + each, 0)
const listed = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([what, times]) => `${times} ${what}`)
    .join(', ') || 'none'

/** A check that never ran counts as broken: a run in which nothing happened proves nothing. */
export function verdictOf({ counts, violations }: Pick<Report, 'counts' | 'violations'>): Verdict {
  const names = Object.keys(checks) as CheckName[]
  const isHeld = (name: CheckName) => (counts[name] ?? 0) > 0 && !violations.some(({ check }) => check === name)
  return { held: names.filter(isHeld), broken: names.filter((name) => !isHeld(name)) }
}

export function reportText(report: Report): string {
  const { options, log, counts, violations } = report
  const lines = [
    '',
    `Chaos: ${(report.seconds / 60).toFixed(1)} minutes, seed ${options.seed}, ${options.nodes} simulated nodes, ${options.engines} engines`,
    `  kills            ${sum(log.kills)} (${listed(log.kills)})`,
    `  faults           ${sum(log.faults)} of ${report.planned} planned (${listed(log.faults)}); ${log.missed} found nothing to attack`,
    `  acknowledged     ${sum(report.acknowledged)} (${listed(report.acknowledged)})`,
    `  asked again      ${sum(report.unanswered)} (${listed(report.unanswered)})`,
    `  at rest          ${report.settledSeconds.toFixed(1)} s after the last fault`,
    `  rounds           ${report.rounds.done}, and ${report.rounds.missed} without a database`,
    ...Object.entries(report.totals).map(([what, byStatus]) => `  ${what.padEnd(16)} ${listed(byStatus)}`),
    '',
    ...Object.entries(checks).map(([name, promise]) => checkLine(report, name as CheckName, promise)),
    '',
    ...violations.flatMap(({ check, what, times, firstAt, evidence }) => [
      `✗ ${check}: ${what} (${times} times, first ${firstAt})`,
      `    ${JSON.stringify(evidence)?.slice(0, 1_500)}`,
    ]),
    `${sum(counts)} checks, ${violations.length} violations; ${report.verdict.held.length} promises held, ${report.verdict.broken.length} not`,
  ]
  return `${lines.join('\n')}\n`
}

function checkLine({ counts, violations }: Report, name: CheckName, promise: string): string {
  const found = violations.filter(({ check }) => check === name).length
  const times = counts[name] ?? 0
  const mark = found > 0 || times === 0 ? '✗' : '✓'
  return `${mark} ${name.padEnd(13)} ${String(times).padStart(9)}  ${promise}`
}

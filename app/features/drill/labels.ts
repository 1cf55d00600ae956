import type { StatusStyle } from '@/app/ui/status/status'
import { formatList, plural } from '@/app/ui/text/format'
import type {
  DrillCounts,
  DrillFilter,
  DrillMode,
  DrillOutcome,
  DrillReport,
  DrillRow,
} from '@/core/insight/drill-report'
import { type Picked, picksOf } from './drill-view'

export const outcomeStyles: Record<DrillOutcome, StatusStyle> = {
  keeps: {
    label: 'Keeps running',
    icon: 'running',
    color: 'healthy',
    explanation: 'It has no replicas on these nodes.',
  },
  moves: {
    label: 'Moves',
    icon: 'arrow',
    color: 'progressing',
    explanation: 'All replicas on these nodes fit elsewhere.',
  },
  'no-room': {
    label: 'Does not fit',
    icon: 'failed',
    color: 'failed',
    explanation: 'The replicas on these nodes fit nowhere else.',
  },
  never: {
    label: 'Not replaced',
    icon: 'none',
    color: 'slate',
    explanation: 'Its replicas are configured to wait for their nodes.',
  },
  held: {
    label: 'Needs action',
    icon: 'lock',
    color: 'degraded',
    explanation: 'Nothing moves until you act.',
  },
  guarded: {
    label: 'Held',
    icon: 'lock',
    color: 'unknown',
    explanation: 'Outage protection is active: nothing moves until nodes return or you override it.',
  },
}

export const showLabels: Record<DrillFilter, string> = {
  affected: 'Affected',
  down: 'Down',
  'no-room': 'Does not fit',
  stays: 'Not moved',
  moves: 'Moves',
  keeps: 'Keeps running',
}

/** The number of deployments that each filter lists. */
export function showCounts({ byOutcome, down }: DrillCounts): Record<DrillFilter, number> {
  const stays = byOutcome.never + byOutcome.held + byOutcome.guarded
  return {
    affected: byOutcome['no-room'] + stays + byOutcome.moves,
    down,
    'no-room': byOutcome['no-room'],
    stays,
    moves: byOutcome.moves,
    keeps: byOutcome.keeps,
  }
}

const namedAtMost = 3

/** "eu-west and node-07", "2 regions and 12 nodes" */
function picksText(picks: readonly Picked[]): string {
  if (picks.length <= namedAtMost) return formatList(picks.map(({ name }) => name))
  const counted = (['region', 'zone', 'node'] as const).flatMap((kind) => {
    const count = picks.filter((pick) => pick.kind === kind).length
    return count > 0 ? [plural(count, kind)] : []
  })
  return formatList(counted)
}

const does = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

/**
 * "If eu-west failed: 12 deployments keep running, 3 move, 1 does not fit."; with `overridden`, "If eu-west failed and
 * outage protection was overridden: …"
 */
export function headline(
  { mode, picked }: Pick<DrillReport, 'mode' | 'picked'>,
  { byOutcome }: DrillCounts,
  { overridden = false } = {},
): string {
  const picks = picksOf(picked)
  const verb = mode === 'fail' ? 'failed' : picks.length === 1 ? 'was drained' : 'were drained'
  const parts = [
    `${plural(byOutcome.keeps, 'deployment')} ${byOutcome.keeps === 1 ? 'keeps' : 'keep'} running`,
    does(byOutcome.moves, 'moves', 'move'),
    does(byOutcome['no-room'], 'does not fit', 'do not fit'),
    ...(byOutcome.never > 0 ? [does(byOutcome.never, 'is not replaced', 'are not replaced')] : []),
    ...(byOutcome.held > 0 ? [does(byOutcome.held, 'needs action', 'need action')] : []),
    ...(byOutcome.guarded > 0 ? [does(byOutcome.guarded, 'is held', 'are held')] : []),
  ]
  const protection = overridden ? ' and outage protection was overridden' : ''
  return `If ${picksText(picks)} ${verb}${protection}: ${parts.join(', ')}.`
}

/** The impact until everything is placed again, or until outage protection is lifted. */
export function meanwhileText(
  mode: DrillMode,
  { down, fewer, replicas }: DrillCounts,
  until = 'Until replacements run',
): string {
  if (replicas === 0) return 'Nothing runs there.'
  if (down + fewer === 0)
    return mode === 'drain' ? 'Each replica keeps running until its replacement is up.' : 'Nothing stops running.'
  const parts = [
    ...(down > 0 ? [does(down, 'deployment is down', 'deployments are down')] : []),
    ...(fewer > 0 ? [`${does(fewer, 'runs', 'run')} with fewer replicas`] : []),
  ]
  return `${until}, ${parts.join(' and ')}.`
}

/** How many replicas run until replacements do. */
export function meanwhileOf({ outcome, running: { wanted, now, meanwhile, after } }: DrillRow): string {
  if (now === 0) return 'already down'
  if (meanwhile > 0) return `${meanwhile} of ${wanted}`
  return after > 0 && outcome === 'moves' ? 'down until replaced' : 'down'
}

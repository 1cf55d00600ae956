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
    explanation: 'Nothing of it is on these nodes.',
  },
  moves: {
    label: 'Moves',
    icon: 'arrow',
    color: 'progressing',
    explanation: 'All that is on these nodes has a place elsewhere.',
  },
  'no-room': {
    label: 'Does not fit',
    icon: 'failed',
    color: 'failed',
    explanation: 'The scheduler would find no place for what is on these nodes.',
  },
  never: {
    label: 'Not replaced',
    icon: 'none',
    color: 'slate',
    explanation: 'It is deployed so that its replicas wait for their nodes.',
  },
  held: {
    label: 'Waits for a person',
    icon: 'lock',
    color: 'degraded',
    explanation: 'Nothing of it moves until somebody acts.',
  },
  braked: {
    label: 'Held by the brake',
    icon: 'lock',
    color: 'unknown',
    explanation:
      'Outage protection of its region is active: nothing moves until nodes return or somebody overrides it.',
  },
}

export const showLabels: Record<DrillFilter, string> = {
  affected: 'Affected',
  down: 'Down meanwhile',
  'no-room': 'Does not fit',
  stays: 'Not moved',
  moves: 'Moves',
  keeps: 'Keeps running',
}

/** How many deployments each filter lists. */
export function showCounts({ byOutcome, down }: DrillCounts): Record<DrillFilter, number> {
  const stays = byOutcome.never + byOutcome.held + byOutcome.braked
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
 * "If eu-west failed: 12 deployments keep running, 3 move, 1 does not fit."; with `overruled`, "If eu-west failed and the
 * storm brake was overruled: …"
 */
export function headline(
  { mode, picked }: Pick<DrillReport, 'mode' | 'picked'>,
  { byOutcome }: DrillCounts,
  { overruled = false } = {},
): string {
  const picks = picksOf(picked)
  const verb = mode === 'fail' ? 'failed' : picks.length === 1 ? 'was drained' : 'were drained'
  const parts = [
    `${plural(byOutcome.keeps, 'deployment')} ${byOutcome.keeps === 1 ? 'keeps' : 'keep'} running`,
    does(byOutcome.moves, 'moves', 'move'),
    does(byOutcome['no-room'], 'does not fit', 'do not fit'),
    ...(byOutcome.never > 0 ? [does(byOutcome.never, 'is not replaced', 'are not replaced')] : []),
    ...(byOutcome.held > 0 ? [does(byOutcome.held, 'waits for a person', 'wait for a person')] : []),
    ...(byOutcome.braked > 0 ? [does(byOutcome.braked, 'is held', 'are held')] : []),
  ]
  const protection = overruled ? ' and outage protection was overridden' : ''
  return `If ${picksText(picks)} ${verb}${protection}: ${parts.join(', ')}.`
}

/** What people would notice before everything has its place again, or until the brake lets go. */
export function meanwhileText(
  mode: DrillMode,
  { down, fewer, replicas }: DrillCounts,
  until = 'Until replacements run',
): string {
  if (replicas === 0) return 'Nothing runs there.'
  if (down + fewer === 0)
    return mode === 'drain' ? 'Each replica goes on running until its replacement works.' : 'Nothing stops running.'
  const parts = [
    ...(down > 0 ? [does(down, 'deployment is down', 'deployments are down')] : []),
    ...(fewer > 0 ? [`${does(fewer, 'runs', 'run')} with fewer replicas`] : []),
  ]
  return `${until}, ${parts.join(' and ')}.`
}

/** How many replicas run until replacements do. */
export function meanwhileOf({ outcome, running: { wanted, now, meanwhile, after } }: DrillRow): string {
  if (now === 0) return 'none runs now either'
  if (meanwhile > 0) return `${meanwhile} of ${wanted}`
  return after > 0 && outcome === 'moves' ? 'down until replaced' : 'down'
}

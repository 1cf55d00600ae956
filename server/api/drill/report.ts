import type {
  DrillCapacity,
  DrillCounts,
  DrillFilter,
  DrillMode,
  DrillOutcome,
  DrillReport,
  DrillRow,
  DrillStage,
} from '@/core/insight/drill-report'
import { drillOutcomes } from '@/core/insight/drill-report'
import type { JournalNode } from '@/core/journal'
import { addResources, noResources } from '@/core/placement/resources'
import type { DrilledDeployment } from '@/core/plan/simulate'
import type { DrillCandidate } from '@/server/store/insight/drill-reads'
import type { DrillRun } from './run'

/** At most this many replicas are sent per deployment. */
const replicasPerRow = 100

type Attempt = DrilledDeployment['attempts'][number]

/** The number of slots with a running attempt among these. */
const runningSlots = (attempts: readonly Attempt[], counts: (attempt: Attempt) => boolean): number =>
  new Set(attempts.filter((one) => one.wanted === 'run' && one.status === 'running' && counts(one)).map(slotOf)).size
const slotOf = ({ slot }: Attempt): number => slot

/** The rows of a drill, worst first and unaffected deployments last. */
export function rowsOf({ candidates, outcomes, fleet, nodes, mode }: DrillRun, stage: DrillStage): DrillRow[] {
  const gone = new Set(nodes.map(({ id }) => id))
  const offline = new Set(fleet.nodes.flatMap((node) => (node?.status === 'offline' ? [node.id] : [])))
  const drilled = new Map(outcomes[stage].map((one) => [one.subject.deployment.id, one]))
  const isSeen = ({ nodeId }: Attempt): boolean => !offline.has(nodeId) && !(mode === 'fail' && gone.has(nodeId))
  const rows = candidates.flatMap((candidate): DrillRow[] => {
    const outcome = drilled.get(candidate.id)
    if (outcome) {
      const before = outcome.subject.deployment.attempts
      const running = { meanwhile: runningSlots(before, isSeen), after: runningSlots(outcome.attempts, isSeen) }
      return [rowOf(candidate, outcome, { mode, ...running })]
    }
    return candidate.running > 0 ? [untouched(candidate)] : []
  })
  return rows.sort((a, b) => badness(b) - badness(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

function rowOf(
  { id, name, wanted, running, hit, waits }: DrillCandidate,
  { subject, outcome, replicas, problem, refusal }: DrilledDeployment,
  { mode, meanwhile, after }: { mode: DrillMode; meanwhile: number; after: number },
): DrillRow {
  return {
    id,
    name,
    outcome,
    running: { wanted, now: running, meanwhile: Math.min(running, meanwhile), after },
    hit,
    replicas: replicas.slice(0, replicasPerRow).map(({ attempt, to }) => ({
      replicaId: attempt.id,
      slot: attempt.slot,
      from: { id: attempt.nodeId, nodeId: attempt.nodeName },
      to,
    })),
    waits,
    problem,
    next: outcome === 'no-room' ? nextOf(mode, subject.deployment) : null,
    refusal,
  }
}

function nextOf(mode: DrillMode, { waitForCapacity }: { waitForCapacity: boolean }): string {
  if (mode === 'drain') return 'It goes on running where it is, and moves by itself as soon as there is room'
  if (waitForCapacity) return 'It waits, and is placed by itself as soon as there is room'
  return 'It fails, and is placed once there is room and somebody retries, rolls back or scales it'
}

const untouched = ({ id, name, wanted, running, waits }: DrillCandidate): DrillRow => ({
  id,
  name,
  outcome: 'keeps',
  running: { wanted, now: running, meanwhile: running, after: running },
  hit: 0,
  replicas: [],
  waits,
  problem: null,
  next: null,
  refusal: null,
})

const isDown = ({ running: { now, meanwhile } }: DrillRow): boolean => now > 0 && meanwhile === 0
const isFewer = ({ running: { now, meanwhile } }: DrillRow): boolean => meanwhile > 0 && meanwhile < now

const outcomeBadness: Record<DrillOutcome, number> = { 'no-room': 5, held: 4, guarded: 3, never: 3, moves: 1, keeps: 0 }

/** Ranks permanent outages worst, then temporary ones, then deployments that lack replicas. */
const badness = (row: DrillRow): number =>
  (row.running.after === 0 && row.running.now > 0 ? 100 : 0) + outcomeBadness[row.outcome] * 10 + (isDown(row) ? 5 : 0)

const stays: readonly DrillOutcome[] = ['never', 'held', 'guarded']
const shown: Record<DrillFilter, (row: DrillRow) => boolean> = {
  affected: ({ outcome }) => outcome !== 'keeps',
  down: isDown,
  'no-room': ({ outcome }) => outcome === 'no-room',
  stays: ({ outcome }) => stays.includes(outcome),
  moves: ({ outcome }) => outcome === 'moves',
  keeps: ({ outcome }) => outcome === 'keeps',
}

export function countsOf(rows: readonly DrillRow[], outcomes: readonly DrilledDeployment[]): DrillCounts {
  const byOutcome = Object.fromEntries(drillOutcomes.map((outcome) => [outcome, 0])) as Record<DrillOutcome, number>
  for (const { outcome } of rows) byOutcome[outcome]++
  const replicas = outcomes.flatMap((one) => one.replicas)
  return {
    byOutcome,
    down: rows.filter(isDown).length,
    fewer: rows.filter(isFewer).length,
    replicas: replicas.length,
    placed: replicas.filter(({ to }) => to !== null).length,
  }
}

/**
 * Capacity and reservations of each region, before and after. Offline nodes and nodes in maintenance count as no
 * capacity.
 */
function capacityOf({ fleet, nodes, outcomes }: DrillRun, stage: DrillStage): DrillCapacity[] {
  const gone = new Set(nodes.map(({ id }) => id))
  const regionOf = new Map<string, string>()
  const regions = new Map<string, DrillCapacity>()
  const empty = () => ({ nodes: 0, capacity: noResources, reserved: noResources })
  const count = (side: DrillCapacity['before'], { capacity, reserved }: JournalNode): void => {
    side.nodes++
    side.capacity = addResources(side.capacity, capacity)
    side.reserved = addResources(side.reserved, reserved)
  }
  for (const node of fleet.nodes) {
    if (!node) continue
    regionOf.set(node.id, node.region)
    const region = regions.get(node.region) ?? { region: node.region, before: empty(), after: empty() }
    regions.set(node.region, region)
    if (node.status === 'offline' || node.status === 'maintenance') continue
    count(region.before, node)
    if (!gone.has(node.id)) count(region.after, node)
  }
  for (const { placed, subject } of outcomes[stage])
    for (const { nodeId } of placed) {
      const region = regions.get(regionOf.get(nodeId) ?? '')
      if (region) region.after.reserved = addResources(region.after.reserved, subject.deployment.resources)
    }
  return [...regions.values()].sort((a, b) => (a.region < b.region ? -1 : 1))
}

interface DrillPage {
  stage: DrillStage
  show: DrillFilter
  offset: number
  limit: number
}

export function reportOf(run: DrillRun, { stage, show, offset, limit }: DrillPage): DrillReport {
  const { outcomes, protections } = run
  const overridden = rowsOf(run, 'overridden')
  const rows = { overridden, held: protections.length > 0 ? rowsOf(run, 'held') : overridden }
  const listed = rows[stage].filter(shown[show])
  return {
    takenAt: run.takenAt.toISOString(),
    mode: run.mode,
    picked: run.picked,
    nodes: run.nodes.length,
    protections,
    counts: countsOf(rows.overridden, outcomes.overridden),
    heldCounts: protections.length > 0 ? countsOf(rows.held, outcomes.held) : null,
    waiting: run.candidates.filter(({ waits }) => waits).length,
    capacity: capacityOf(run, stage),
    total: listed.length,
    rows: listed.slice(offset, offset + limit),
  }
}

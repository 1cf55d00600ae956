import { v7 as uuid } from 'uuid'
import type { JournalState } from '@/core/journal'
import { othersOf } from '@/core/placement/placed-replica'
import { defaultPolicy, type Policy } from '@/core/placement/types'
import { decidePlacement, needsPlacement, outcomeWithoutPlacement } from '@/core/plan/evaluate'
import type { WorkingFleet } from '@/core/plan/fleet-snapshot'
import { OtherReplicas } from '@/core/plan/other-replicas'
import { planDeployment } from '@/core/plan/reconcile'
import type { DeploymentToSchedule, Plan, Step } from '@/core/plan/types'
import type { Evaluation } from '@/core/queue/evaluation'
import { type ScanStats, summary } from '@/core/scheduler/summary'
import type { Store } from '@/server/db/client'
import type { Clock } from '@/server/lib/clock'
import type { Logger } from '@/server/lib/log'
import { packEntry } from '@/server/store/journal/fleet-journal'
import { readSettings } from '@/server/store/records/settings'
import type { DeploymentStatusChange } from '@/server/store/records/status-changes'
import { placedReplicas } from '@/server/store/scheduling/placed-replicas'
import { commitSteps, LostRaceError } from '@/server/store/scheduling/scheduling'
import { readDeploymentsToSchedule } from '@/server/store/scheduling/scheduling-reads'
import type { FleetView } from './fleet-cache'
import type { RecordedRefusals } from './recorded-refusals'

export interface Scheduling {
  store: Store
  log: Logger
  clock: Clock
  /** Name of this process, which holds the leases. */
  worker: string
  /** Fencing number of the leadership term. */
  epoch: bigint
  fleet: FleetView
  /** Suppresses repeated refusals; without this, every refusal is recorded. */
  refusals?: RecordedRefusals
  /** Milliseconds for the decisions of one commit; tests set shorter times. */
  decideForMs?: number
  /** Milliseconds between checks of evaluations that wait for capacity; tests set shorter times. */
  pollAgainEveryMs?: number
}

/** How often a conflicting commit is retried before the evaluation returns to the queue. */
const maxRounds = 10

/**
 * Milliseconds for the decisions of one commit. The leader can't renew its term while it decides, so this is well below
 * the three seconds after which it would be considered dead.
 */
const decideForMs = 1_000

/**
 * Moves deployments a step towards their desired state: read, decide and commit, all for the whole batch. Decides again
 * after a conflict. The `evaluations` must be leased by this worker and belong to different deployments.
 * @returns the evaluations that there was no time for; the first is never among them.
 */
export async function evaluate(scheduling: Scheduling, evaluations: Evaluation[]): Promise<Evaluation[]> {
  for (let round = 1; ; round++) {
    try {
      return await evaluateOnce(scheduling, evaluations)
    } catch (error) {
      if (!(error instanceof LostRaceError) || round >= maxRounds) throw error
      scheduling.fleet.invalidate()
      scheduling.log.debug(`${error.message}; planning again`)
    }
  }
}

interface Planned {
  evaluation: Evaluation
  deployment: DeploymentToSchedule
  plan: Plan
}

async function evaluateOnce(scheduling: Scheduling, evaluations: Evaluation[]): Promise<Evaluation[]> {
  const { store, log, fleet } = scheduling
  const { stats, state, now, ...decided } = await decideOn(scheduling, evaluations)
  const steps = scheduling.refusals?.withoutRepeats(decided.steps, now) ?? decided.steps
  const unwritten = state === null ? null : fleet.unwritten()
  const entry = unwritten && (await packEntry(fleet.writer, unwritten))
  const { changes, journalSeq } = await commitSteps(store, scheduling, {
    steps,
    snapshotRef: {
      entry,
      journalSeq: fleet.journalSeq,
      at: now,
    },
  })
  scheduling.refusals?.committed(steps, now)
  if (state !== null) fleet.written({ state, entry, journalSeq })
  fleet.changed(steps.flatMap((step) => step.place.map((replica) => replica.nodeId)))
  const changed = new Map(changes.map((change) => [change.id, change]))
  for (const step of steps) logStep(log, step, { change: changed.get(step.deployment.id), stats: stats.get(step) })
  return evaluations.slice(steps.length)
}

interface DecidedOn {
  /** In the order of the evaluations, for as many as there was time for. */
  steps: Step[]
  stats: Map<Step, ScanStats>
  /** The fleet that the decisions used; null when nothing had to be placed. */
  state: JournalState | null
  now: Date
}

/** Reads the input and decides, without writing anything. */
async function decideOn(scheduling: Scheduling, evaluations: Evaluation[]): Promise<DecidedOn> {
  const { store, clock, fleet } = scheduling
  const deployments = await readDeploymentsToSchedule(
    store,
    evaluations.map((evaluation) => evaluation.deploymentId),
  )
  const now = clock.now()
  const planned = evaluations.map((evaluation): Planned => {
    const deployment = deployments.get(evaluation.deploymentId)
    if (!deployment) throw new Error(`Deployment ${evaluation.deploymentId} has no resources: its record is not whole`)
    return { evaluation, deployment, plan: planDeployment(deployment, deployment.attempts, { now }) }
  })
  const toPlace = planned.filter(({ deployment, plan }) => needsPlacement(deployment, plan))
  const placing = toPlace.length > 0
  const state = placing ? await fleet.refresh(now.getTime()) : null
  const asked = othersOf(toPlace.map(({ deployment }) => deployment))
  const decided = decideAll(planned, {
    fleet: fleet.working(now),
    policy: placing ? (await readSettings(store)).policy : defaultPolicy,
    others: new OtherReplicas(await placedReplicas(store, asked)),
    untilMs: performance.now() + (scheduling.decideForMs ?? decideForMs),
  })
  return { ...decided, state, now }
}

/**
 * Checks evaluations that wait for capacity, without writing anything. `fit`: how many of them could be placed now.
 * `looked`: how many there was time to check, from the beginning of the list.
 */
export async function retryWaiting(
  scheduling: Scheduling,
  waiting: Evaluation[],
): Promise<{ fit: number; examined: number }> {
  const { steps } = await decideOn(scheduling, waiting)
  return { fit: steps.filter(({ evaluationEnds }) => evaluationEnds !== 'blocked').length, examined: steps.length }
}

/** Decides one evaluation after the other while there is time: each deployment sees the placements before it. */
function decideAll(
  planned: Planned[],
  { untilMs, ...world }: { fleet: WorkingFleet; policy: Policy; others: OtherReplicas; untilMs: number },
): { steps: Step[]; stats: Map<Step, ScanStats> } {
  const stats = new Map<Step, ScanStats>()
  const steps: Step[] = []
  for (const { evaluation, deployment, plan } of planned) {
    if (steps.length > 0 && performance.now() > untilMs) break
    const decided = decideOne(deployment, plan, world)
    world.others.decided(deployment, decided.outcome)
    const step = { evaluation, deployment, ...decided.outcome }
    steps.push(step)
    if (decided.stats) stats.set(step, decided.stats)
  }
  return { steps, stats }
}

function decideOne(
  deployment: DeploymentToSchedule,
  plan: Plan,
  { fleet, policy, others }: { fleet: WorkingFleet; policy: Policy; others: OtherReplicas },
) {
  if (!needsPlacement(deployment, plan))
    return { outcome: outcomeWithoutPlacement(deployment, plan, fleet.at), stats: null }
  return decidePlacement(deployment, plan, { fleet, policy: deployment.policy ?? policy, others, newId: uuid })
}

/** Writes the log lines that people grep for; call this after the commit. */
function logStep(
  log: Logger,
  { deployment, decision, place, evaluationEnds }: Step,
  { change, stats }: { change: DeploymentStatusChange | undefined; stats: ScanStats | undefined },
): void {
  const refused = decision?.outcome === 'refused'
  if (decision && stats) {
    log.info(summary.scheduling(decision.request))
    log.info(summary.found(decision.request, stats))
    log.debug(summary.scored(stats))
    if (refused) log.error(decision.message)
    else log.info(summary.selected(decision.chosen))
  }
  for (const { id, nodeName, score } of place) log.debug(summary.created(id, { nodeId: nodeName, score }))
  if (change) logChange(log, change)
  if (place.length > 0) log.info(`Successfully scheduled deployment ${deployment.id} with ${place.length} replicas`)
  if (refused && change) log.error(`Deployment ${deployment.id} scheduling failed: Insufficient capacity`)
  else if (refused && evaluationEnds === 'blocked') log.info(`Deployment ${deployment.id} waits for capacity`)
}

export const logChange = (log: Logger, { id, from, to, reason }: DeploymentStatusChange): void =>
  log.info({ deploymentId: id, from, to }, `Deployment ${id} status: ${from} -> ${to} (reason: ${reason})`)

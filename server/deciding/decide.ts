import type { Policy } from '../domain/placement'
import { isOpen } from '../domain/status'
import { countOf } from '../domain/words'
import type { Plan, SlotToMove, SlotToPlace } from '../reconciler/plan'
import { requestFor } from '../scheduler/request'
import { type Findings, insufficientNodes } from '../scheduler/summary'
import { resolveWishes } from '../scheduler/wishes'
import type { DecisionRecord, NewReplica, Step } from '../store/scheduling'
import type { DeploymentToSchedule } from '../store/scheduling-reads'
import type { OtherReplicas } from './other-replicas'
import { ownReplicas, type WorkingFleet } from './working-fleet'

/** What one evaluation is to change, still without the evaluation itself. */
export type Outcome = Omit<Step, 'evaluation' | 'deployment'>

const nothing: Outcome = { decision: null, place: [], stop: [], status: null, evaluationEnds: 'done', retryInMs: null }

/** What is to be placed in this step: what is missing, or else replacements. */
const wantedPlaces = (plan: Plan): (SlotToPlace | SlotToMove)[] => (plan.place.length > 0 ? plan.place : plan.move)

/** Whether deciding on the plan needs to know the fleet. */
export const needsPlacement = (deployment: DeploymentToSchedule, plan: Plan): boolean =>
  isOpen(deployment.status) && plan.giveUp === null && plan.retryAt === null && wantedPlaces(plan).length > 0

/** What to commit for a plan that needs no placement. */
export function outcomeWithoutPlacement(deployment: DeploymentToSchedule, plan: Plan, now: Date): Outcome {
  if (!isOpen(deployment.status)) return { ...nothing, stop: plan.stop }
  if (plan.giveUp !== null) return { ...nothing, stop: plan.stop, status: { to: 'failed', reason: plan.giveUp } }
  if (plan.retryAt !== null)
    return { ...nothing, stop: plan.stop, retryInMs: Math.max(0, plan.retryAt.getTime() - now.getTime()) }
  return { ...nothing, stop: plan.stop, status: settledStatus(deployment, plan) }
}

/** The status of a deployment that needs no placing now. */
function settledStatus(deployment: DeploymentToSchedule, plan: Plan): Outcome['status'] {
  const { targetReplicas, revision, attempts, status } = deployment
  if (targetReplicas === 0)
    return attempts.some((attempt) => attempt.reserved) ? null : { to: 'stopped', reason: 'Scaled to 0 replicas' }
  if (status !== 'pending') return null
  const live = attempts.filter(
    (attempt) => attempt.wanted === 'run' && attempt.revision === revision && !plan.stop.includes(attempt.id),
  )
  const running = new Set(live.filter((attempt) => attempt.status === 'running').map((attempt) => attempt.slot)).size
  return running >= targetReplicas
    ? { to: 'running', reason: `Running as wanted: ${countOf(targetReplicas, 'replica')}` }
    : { to: 'scheduled', reason: `Placed as wanted: ${countOf(targetReplicas, 'replica')}` }
}

/** What a deployment is decided on: the fleet as it stands, and where the others are. */
export interface Deciding {
  fleet: WorkingFleet
  policy: Policy
  others: OtherReplicas
  newId: () => string
}

export interface Decided {
  outcome: Outcome & { decision: DecisionRecord }
  findings: Findings
}

/** Runs the scheduler core for a plan, and counts what was placed for whatever is decided next. */
export function decidePlacement(
  deployment: DeploymentToSchedule,
  plan: Plan,
  { fleet, policy, others, newId }: Deciding,
): Decided {
  const wishes = resolveWishes(deployment.wishes, (rule) =>
    others.nodesWith(rule.deployment, { except: deployment.id, fleet }),
  )
  const request = requestFor(deployment, {
    replicas: wantedPlaces(plan).length,
    avoidNodeIds: plan.avoidNodeIds,
    wishes,
  })
  const move = plan.place.length > 0 ? undefined : plan.move[0]
  // Two of a deployment may stand side by side on a node while the one replaces the other.
  const own = ownReplicas(deployment.attempts, [...plan.stop, ...plan.move.map((one) => one.replaces)])
  const { chosen, found, findings } = fleet.decide(request, policy, own)
  const fits = found >= request.replicas
  const message = fits
    ? `Placed ${chosen.length} on ${chosen.map((node) => node.nodeId).join(', ')}`
    : insufficientNodes(request.replicas, found)
  const decision: DecisionRecord = {
    id: newId(),
    outcome: fits ? 'placed' : 'refused',
    request,
    policy,
    chosen,
    found,
    message: move ? `${moveText(deployment, move)}: ${message}` : message,
    own: Object.fromEntries(own),
  }
  const outcome = fits ? accepted(deployment, plan, { decision, newId }) : refused(deployment, plan, decision)
  fleet.place(outcome.place, deployment.resources)
  return { outcome, findings }
}

/** "Moving replica 2 off node-01", "Updating replica 2 to revision 3" */
function moveText({ attempts, revision }: DeploymentToSchedule, { slot, replaces, why }: SlotToMove): string {
  if (why === 'update') return `Updating replica ${slot + 1} to revision ${revision}`
  const from = attempts.find((attempt) => attempt.id === replaces)?.nodeName
  return `Moving replica ${slot + 1} off ${from ?? 'its node'}`
}

function refused(deployment: DeploymentToSchedule, plan: Plan, decision: DecisionRecord): Decided['outcome'] {
  const waits = { ...nothing, stop: plan.stop, decision, evaluationEnds: 'blocked' as const }
  if (deployment.waitForCapacity) return waits
  const move = plan.place.length > 0 ? undefined : plan.move[0]
  // What leaves its node runs there until there is room elsewhere; nothing has failed.
  if (move?.why === 'drain') return { ...waits, status: settledStatus(deployment, plan) }
  // The room of those that were replaced a moment ago is still held.
  if (move && deployment.attempts.some(isLeaving(plan))) return waits
  return { ...nothing, stop: plan.stop, decision, status: { to: 'failed', reason: decision.message } }
}

const isLeaving =
  (plan: Plan) =>
  ({ id, reserved, wanted, status }: DeploymentToSchedule['attempts'][number]): boolean =>
    reserved && status !== 'lost' && (wanted === 'stop' || plan.stop.includes(id))

function accepted(
  deployment: DeploymentToSchedule,
  plan: Plan,
  { decision, newId }: { decision: DecisionRecord; newId: () => string },
): Decided['outcome'] {
  const places = wantedPlaces(plan)
  const replicas = places.flatMap(({ slot, generation }, i): NewReplica[] => {
    const node = decision.chosen[i]
    return node ? [{ id: newId(), nodeId: node.id, nodeName: node.nodeId, slot, generation, score: node.score }] : []
  })
  if (replicas.length !== places.length) throw new Error('The scheduler chose fewer nodes than there are slots')
  const target = deployment.targetReplicas
  const placed = replicas.length === target ? `${target}` : `${replicas.length} of ${target}`
  // A deployment that runs goes on running while its replicas move.
  const staysRunning = deployment.status === 'running' && plan.place.length === 0
  return {
    ...nothing,
    decision,
    place: replicas,
    stop: plan.stop,
    status: staysRunning ? null : { to: 'scheduled', reason: `Scheduled ${placed} replicas` },
  }
}

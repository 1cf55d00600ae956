import { isOpen } from '@/core/deployments/status'
import { takenBy } from '@/core/journal'
import { countOf } from '@/core/lib/count-of'
import { leastResources } from '@/core/placement/resources'
import type { Handover, PlacementRequest, Policy } from '@/core/placement/types'
import { requestFor } from '@/core/scheduler/request'
import { resolveWishes } from '@/core/scheduler/scoring/preferences'
import { insufficientNodes, type ScanStats } from '@/core/scheduler/summary'
import { type Choice, ownReplicas, type WorkingFleet } from './fleet-snapshot'
import type { OtherReplicas } from './other-replicas'
import type {
  AttemptToSchedule,
  DecisionRecord,
  DeploymentToSchedule,
  NewReplica,
  Plan,
  SlotToMove,
  SlotToPlace,
  Step,
} from './types'

/** What one evaluation is to change, still without the evaluation itself. */
type Outcome = Omit<Step, 'evaluation' | 'deployment'>

const nothing: Outcome = { decision: null, place: [], stop: [], status: null, evaluationEnds: 'done', retryInMs: null }

/** What is to be placed in this step: what is missing, or else replacements. */
const wantedDomains = (plan: Plan): (SlotToPlace | SlotToMove)[] => (plan.place.length > 0 ? plan.place : plan.move)

/** Whether deciding on the plan needs to know the fleet. */
export const needsPlacement = (deployment: DeploymentToSchedule, plan: Plan): boolean =>
  isOpen(deployment.status) && plan.exhausted === null && plan.retryAt === null && wantedDomains(plan).length > 0

/** What to commit for a plan that needs no placement. */
export function outcomeWithoutPlacement(deployment: DeploymentToSchedule, plan: Plan, now: Date): Outcome {
  if (!isOpen(deployment.status)) return { ...nothing, stop: plan.stop }
  if (plan.exhausted !== null) return { ...nothing, stop: plan.stop, status: { to: 'failed', reason: plan.exhausted } }
  if (plan.retryAt !== null)
    return { ...nothing, stop: plan.stop, retryInMs: Math.max(0, plan.retryAt.getTime() - now.getTime()) }
  return { ...nothing, stop: plan.stop, status: settledStatus(deployment, plan) }
}

/** The status of a deployment that needs no placing now. */
function settledStatus(deployment: DeploymentToSchedule, plan: Plan): Outcome['status'] {
  const { targetReplicas, revision, attempts, status } = deployment
  if (targetReplicas === 0)
    return attempts.some((attempt) => attempt.reserved) ? null : { to: 'stopped', reason: 'All replicas stopped' }
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
interface Deciding {
  fleet: WorkingFleet
  policy: Policy
  others: OtherReplicas
  newId: () => string
}

interface Decided {
  outcome: Outcome & { decision: DecisionRecord }
  /** Null when there is nothing to say of it. */
  stats: ScanStats | null
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
    replicas: wantedDomains(plan).length,
    avoidNodeIds: plan.avoidNodeIds,
    wishes,
  })
  const move = plan.place.length > 0 ? undefined : plan.move[0]
  // Two of a deployment may stand side by side on a node while the one replaces the other.
  const own = new Map(ownReplicas(deployment.attempts, [...plan.stop, ...plan.move.map((one) => one.replaces)]))
  // What is restarted too often is to have another node, however many of its deployment may be on one.
  for (const nodeId of leftNodes(deployment, plan)) own.set(nodeId, deployment.maxPerNode)
  const { asked, choice, first } = choiceOf(deployment, plan, {
    move,
    request,
    choose: (one) => fleet.decide(one, policy, own),
  })
  const { chosen, found, stats } = choice
  const fits = found >= request.replicas
  const message = fits
    ? `Placed ${chosen.length} on ${chosen.map((node) => node.nodeId).join(', ')}`
    : insufficientNodes(request.replicas, found)
  const decision: DecisionRecord = {
    id: newId(),
    outcome: fits ? 'placed' : 'refused',
    request: asked,
    policy,
    chosen,
    found,
    message: move ? `${moveText(deployment, move, first)}: ${message}` : message,
    own: Object.fromEntries(own),
  }
  const outcome = fits ? accepted(deployment, plan, { decision, newId, first }) : refused(deployment, plan, decision)
  fleet.place(outcome.place, takenBy(asked, deployment.name))
  // That there is no other node for it is no news.
  return { outcome, stats: !fits && move?.why === 'restart' ? null : stats }
}

const leftNodes = ({ attempts }: DeploymentToSchedule, { move }: Plan): string[] =>
  move.flatMap(({ why, replaces }) =>
    why === 'restart' ? attempts.filter(({ id }) => id === replaces).map(({ nodeId }) => nodeId) : [],
  )

/** A choice, what was asked for it in the end, and the replica that stops first for it. */
interface Chosen {
  asked: PlacementRequest
  choice: Choice
  first: AttemptToSchedule | null
}

/**
 * A replacement stands beside what it replaces wherever there is a node for both. Where its fixed host ports leave none,
 * the old one stops first, and the new one takes its place on the same node.
 */
function choiceOf(
  deployment: DeploymentToSchedule,
  plan: Plan,
  {
    move,
    request,
    choose,
  }: { move: SlotToMove | undefined; request: PlacementRequest; choose: (request: PlacementRequest) => Choice },
): Chosen {
  const choice = choose(request)
  const beside = { asked: request, choice, first: null }
  // A port that is about to be free is worth waiting for.
  if (choice.found >= request.replicas || deployment.attempts.some(isLeaving(plan))) return beside
  const first = deployment.attempts.find((attempt) => move?.why === 'update' && attempt.id === move.replaces)
  const handover = first ? handoverFrom(first, request) : null
  if (!first || handover === null) return beside
  const asked = { ...request, handover }
  const instead = choose(asked)
  return instead.found >= request.replicas ? { asked, choice: instead, first } : beside
}

/** What passes over from a replica to the one that replaces it; null when host ports are not what stands in the way. */
function handoverFrom(
  { nodeId, resources, hostPorts: held }: Pick<AttemptToSchedule, 'nodeId' | 'resources' | 'hostPorts'>,
  { resources: asked, hostPorts = [] }: Pick<PlacementRequest, 'resources' | 'hostPorts'>,
): Handover | null {
  const both = hostPorts.filter((port) => held.includes(port))
  return both.length === 0 ? null : { nodeId, resources: leastResources(resources, asked), hostPorts: both }
}

/** "Moving replica 2 off node-01", "Updating replica 2 to revision 3, revision 2 stops first" */
function moveText(
  { attempts, revision }: DeploymentToSchedule,
  { slot, replaces, why }: SlotToMove,
  first: AttemptToSchedule | null,
): string {
  const stops = first ? `, revision ${first.revision} stops first` : ''
  if (why === 'update') return `Updating replica ${slot + 1} to revision ${revision}${stops}`
  const from = attempts.find((attempt) => attempt.id === replaces)
  const where = `Moving replica ${slot + 1} off ${from?.nodeName ?? 'its node'}`
  return why === 'restart' ? `${where} after ${from?.restarts} restarts` : where
}

function refused(deployment: DeploymentToSchedule, plan: Plan, decision: DecisionRecord): Decided['outcome'] {
  const move = plan.place.length > 0 ? undefined : plan.move[0]
  // It goes on where it is: its next restart asks again.
  if (move?.why === 'restart') return { ...nothing, stop: plan.stop, decision, status: settledStatus(deployment, plan) }
  const waits = { ...nothing, stop: plan.stop, decision, evaluationEnds: 'blocked' as const }
  if (deployment.waitForCapacity) return waits
  // What leaves its node runs there until there is room elsewhere; nothing has failed.
  if (move?.why === 'drain') return { ...waits, status: settledStatus(deployment, plan) }
  // The room of those that were replaced a moment ago is still held; so are the ports of those that ended.
  const waitsForOwn = move !== undefined || deployment.hostPorts.length > 0
  if (waitsForOwn && deployment.attempts.some(isLeaving(plan))) return waits
  return { ...nothing, stop: plan.stop, decision, status: { to: 'failed', reason: decision.message } }
}

const isLeaving =
  (plan: Plan) =>
  ({ id, reserved, wanted, status }: DeploymentToSchedule['attempts'][number]): boolean =>
    reserved && status !== 'lost' && (wanted === 'stop' || plan.stop.includes(id))

function accepted(
  deployment: DeploymentToSchedule,
  plan: Plan,
  { decision, newId, first }: { decision: DecisionRecord; newId: () => string; first: AttemptToSchedule | null },
): Decided['outcome'] {
  const places = wantedDomains(plan)
  const { handover } = decision.request
  const takesOver = first && handover ? { ...handover, replicaId: first.id } : null
  const replicas = places.flatMap(({ slot, generation }, i): NewReplica[] => {
    const node = decision.chosen[i]
    return node
      ? [{ id: newId(), nodeId: node.id, nodeName: node.nodeId, slot, generation, score: node.score, takesOver }]
      : []
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
    stop: first ? [...plan.stop, first.id] : plan.stop,
    status: staysRunning ? null : { to: 'scheduled', reason: `Scheduled ${placed} replicas` },
  }
}

import { isOpen } from '@/core/deployments/status'
import { takenBy } from '@/core/journal'
import { countOf } from '@/core/lib/count-of'
import { leastResources } from '@/core/placement/resources'
import type { Handover, PlacementRequest, Policy } from '@/core/placement/types'
import { requestFor } from '@/core/scheduler/request'
import { resolvePlacementRules } from '@/core/scheduler/scoring/preferences'
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

/** The changes of one evaluation, without the evaluation and the deployment themselves. */
type Outcome = Omit<Step, 'evaluation' | 'deployment'>

const nothing: Outcome = { decision: null, place: [], stop: [], status: null, evaluationEnds: 'done', retryInMs: null }

/** The slots to place in this evaluation: the missing ones, or replacements when none is missing. */
const desiredDomains = (plan: Plan): (SlotToPlace | SlotToMove)[] => (plan.place.length > 0 ? plan.place : plan.move)

/** Whether the plan places anything, so that the fleet has to be read. */
export const needsPlacement = (deployment: DeploymentToSchedule, plan: Plan): boolean =>
  isOpen(deployment.status) && plan.exhausted === null && plan.retryAt === null && desiredDomains(plan).length > 0

/** Returns the changes to commit for a plan that places nothing. */
export function outcomeWithoutPlacement(deployment: DeploymentToSchedule, plan: Plan, now: Date): Outcome {
  if (!isOpen(deployment.status)) return { ...nothing, stop: plan.stop }
  if (plan.exhausted !== null) return { ...nothing, stop: plan.stop, status: { to: 'failed', reason: plan.exhausted } }
  if (plan.retryAt !== null)
    return { ...nothing, stop: plan.stop, retryInMs: Math.max(0, plan.retryAt.getTime() - now.getTime()) }
  return { ...nothing, stop: plan.stop, status: settledStatus(deployment, plan) }
}

/** Returns the status change of a deployment that needs no placement now; null when its status stays. */
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

/** The inputs of a decision besides the deployment: the fleet and the replicas of other deployments. */
interface Planning {
  fleet: WorkingFleet
  policy: Policy
  others: OtherReplicas
  newId: () => string
}

interface Decided {
  outcome: Outcome & { decision: DecisionRecord }
  /** Null when the run is not worth logging. */
  stats: ScanStats | null
}

/** Runs the scheduler core for a plan and counts the new replicas on `fleet`, so that later decisions see them. */
export function decidePlacement(
  deployment: DeploymentToSchedule,
  plan: Plan,
  { fleet, policy, others, newId }: Planning,
): Decided {
  const placementRules = resolvePlacementRules(deployment.placementRules, (rule) =>
    others.nodesWith(rule.deployment, { except: deployment.id, fleet }),
  )
  const request = requestFor(deployment, {
    replicas: desiredDomains(plan).length,
    avoidNodeIds: plan.avoidNodeIds,
    placementRules,
  })
  const move = plan.place.length > 0 ? undefined : plan.move[0]
  // A replica and its replacement may share a node for a while, so replicas about to leave do not count.
  const own = new Map(ownReplicas(deployment.attempts, [...plan.stop, ...plan.move.map((one) => one.replaces)]))
  // A replica that restarts too often needs another node: its present one counts as full.
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
  // A replica that keeps restarting asks again at each restart; logging every refusal would be noise.
  return { outcome, stats: !fits && move?.why === 'restart' ? null : stats }
}

const leftNodes = ({ attempts }: DeploymentToSchedule, { move }: Plan): string[] =>
  move.flatMap(({ why, replaces }) =>
    why === 'restart' ? attempts.filter(({ id }) => id === replaces).map(({ nodeId }) => nodeId) : [],
  )

/** A choice, the request that it answers, and the replica that has to stop first (null when none has to). */
interface Chosen {
  asked: PlacementRequest
  choice: Choice
  first: AttemptToSchedule | null
}

/**
 * Starts a replacement beside the replica that it replaces if a node can take it. If an update finds no node because of
 * fixed host ports, the old replica stops first and the new one takes over its ports on the same node.
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
  // A replica that is stopping may free the port soon; waiting is better than stopping another replica.
  if (choice.found >= request.replicas || deployment.attempts.some(isLeaving(plan))) return beside
  const first = deployment.attempts.find((attempt) => move?.why === 'update' && attempt.id === move.replaces)
  const handover = first ? handoverFrom(first, request) : null
  if (!first || handover === null) return beside
  const asked = { ...request, handover }
  const instead = choose(asked)
  return instead.found >= request.replicas ? { asked, choice: instead, first } : beside
}

/** Returns what a replica hands over to its replacement; null when the two share no fixed host port. */
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
  // The replica stays on its node; its next restart asks again.
  if (move?.why === 'restart') return { ...nothing, stop: plan.stop, decision, status: settledStatus(deployment, plan) }
  const waits = { ...nothing, stop: plan.stop, decision, evaluationEnds: 'blocked' as const }
  if (deployment.waitForCapacity) return waits
  // The replica keeps running on the draining node until another node has capacity; nothing has failed.
  if (move?.why === 'drain') return { ...waits, status: settledStatus(deployment, plan) }
  // Replicas that were just replaced still hold their reservations, and ended ones their ports.
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
  const places = desiredDomains(plan)
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
  // A running deployment stays `running` while its replicas move.
  const staysRunning = deployment.status === 'running' && plan.place.length === 0
  return {
    ...nothing,
    decision,
    place: replicas,
    stop: first ? [...plan.stop, first.id] : plan.stop,
    status: staysRunning ? null : { to: 'scheduled', reason: `Scheduled ${placed} replicas` },
  }
}

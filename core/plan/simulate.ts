/**
 * Simulates the failure or the drain of nodes with the code that decides real runs: the reconciler finds the missing
 * replicas, and the scheduler core picks their nodes, in the order in which the worker would process the deployments.
 * Nothing is written.
 */
import { statusAfterObservation } from '@/core/deployments/observed-status'
import { isLive } from '@/core/deployments/status'
import type { DrillOutcome } from '@/core/insight/drill-report'
import type { JournalNode, JournalState } from '@/core/journal'
import type { PlacedReplica } from '@/core/placement/placed-replica'
import { subtractResources } from '@/core/placement/resources'
import type { PlacementRequest, Policy, Refusal } from '@/core/placement/types'
import { LazyExplanation } from '@/core/scheduler/lazy-explanation'
import { decidePlacement, needsPlacement } from './evaluate'
import { type Held, type OwnReplicas, type WorkingFleet, workingFleetOf } from './fleet-snapshot'
import { OtherReplicas } from './other-replicas'
import { planDeployment } from './reconcile'
import type { AttemptToSchedule, DeploymentToSchedule, NewReplica } from './types'

/** A deployment with replicas on the nodes. */
export interface DrillSubject {
  deployment: DeploymentToSchedule
  priority: number
  /** Seconds that a node may be offline before its replicas are lost; 0 = they never are. */
  lostAfterSeconds: number
}

/** The present state from which a drill starts. */
export interface DrillWorld {
  fleet: JournalState
  at: Date
  /** The policy of deployments that have none of their own. */
  policy: Policy
  /** The replicas that affinities refer to. */
  placed: PlacedReplica[]
  subjects: readonly DrillSubject[]
  /**
   * Which refusals are explained: the first few, and always those of the deployments with these ids. On a large fleet
   * each explanation takes long.
   */
  explain: { first: number; always: ReadonlySet<string> }
  /** Number of nodes from which the fleet index is used. */
  indexFrom?: number
}

/** A replica on one of the failing or draining nodes. */
interface DrilledReplica {
  attempt: AttemptToSchedule
  /** Its new node; null when none was found. `score` is null when the replacement existed before the drill. */
  to: { id: string; nodeId: string; score: number | null } | null
}

export interface DrilledDeployment {
  subject: DrillSubject
  outcome: Exclude<DrillOutcome, 'keeps'>
  /** Why not all replicas move, as a sentence; null when they do. */
  problem: string | null
  /** Explains the outcome `no-room`; null when `explain` left it out. */
  refusal: Refusal | null
  replicas: DrilledReplica[]
  /** All new replicas, including those of slots that were missing before the drill. */
  placed: NewReplica[]
  /** All attempts at the end of the drill. */
  attempts: AttemptToSchedule[]
}

const isHere = ({ reserved, wanted, status }: AttemptToSchedule): boolean =>
  reserved && wanted === 'run' && isLive(status)

/** One deployment during the drill. */
interface SimulatedDeployment {
  subject: DrillSubject
  deployment: DeploymentToSchedule
  placed: NewReplica[]
  unplaced: { outcome: 'no-room' | 'held'; problem: string; refusal: Refusal | null } | null
}

export class Drill {
  readonly #world: DrillWorld
  readonly #fleet: WorkingFleet
  readonly #others: OtherReplicas
  readonly #releases: boolean
  #explained = 0
  #replicas = 0

  /** `releases`: stopped replicas free their reservations. On failing or draining nodes nobody could use them. */
  constructor(
    world: DrillWorld,
    change: (node: JournalNode) => JournalNode,
    { releases = false }: { releases?: boolean } = {},
  ) {
    this.#world = world
    this.#releases = releases
    const { fleet, at, indexFrom } = world
    const nodes = fleet.nodes.map((node) => node && change(node))
    this.#fleet = workingFleetOf({ ...fleet, nodes }, at, indexFrom)
    this.#others = new OtherReplicas(world.placed)
  }

  /** Removes replicas of a deployment from the view that affinities use. */
  forget(deployment: DeploymentToSchedule, ids: string[]): void {
    this.#others.decided(deployment, { place: [], stop: ids })
  }

  /** Runs one evaluation of the deployment. Returns false when another one would change nothing. */
  step(simulated: SimulatedDeployment, { moves }: { moves: boolean }): boolean {
    const { deployment } = simulated
    const planned = planDeployment(deployment, deployment.attempts, { now: this.#world.at })
    // A drill shows the final state, so it does not wait for back-offs.
    const plan = { ...planned, retryAt: null, move: moves ? planned.move : [] }
    if (!needsPlacement(deployment, plan)) {
      this.#settle(simulated, { place: [], stop: plan.stop })
      if (plan.exhausted !== null) simulated.unplaced = { outcome: 'held', problem: plan.exhausted, refusal: null }
      return this.#releases && plan.exhausted === null && plan.stop.length > 0
    }
    const { outcome } = decidePlacement(deployment, plan, {
      fleet: this.#fleet,
      policy: deployment.policy ?? this.#world.policy,
      others: this.#others,
      newId: () => `drill-${++this.#replicas}`,
    })
    if (outcome.decision.outcome === 'refused') {
      // Replicas to be stopped still hold their reservations. The worker tries again once those are free.
      if (this.#releases && plan.stop.length > 0) {
        this.#settle(simulated, { place: [], stop: plan.stop })
        return true
      }
      const { request, policy, own, message } = outcome.decision
      const refusal = this.#refusalOf(request, policy, new Map(Object.entries(own)))
      simulated.unplaced = { outcome: 'no-room', problem: refusal?.message ?? message, refusal }
    }
    this.#settle(simulated, outcome)
    return outcome.place.length > 0
  }

  #settle(simulated: SimulatedDeployment, { place, stop }: { place: NewReplica[]; stop: string[] }): void {
    const { deployment } = simulated
    this.#others.decided(deployment, { place, stop })
    const leaving = deployment.attempts.filter((one) => stop.includes(one.id))
    if (this.#releases) for (const attempt of leaving) this.#fleet.release(attempt.nodeId, leftBy(attempt, place))
    const kept = deployment.attempts.map(
      (one): AttemptToSchedule =>
        leaving.includes(one)
          ? { ...one, wanted: 'stop', status: 'stopped', reserved: one.reserved && !this.#releases }
          : one,
    )
    const attempts = [...kept, ...place.map((replica) => this.#started(deployment, replica))]
    simulated.deployment = { ...deployment, attempts }
    simulated.placed.push(...place)
  }

  #started(deployment: DeploymentToSchedule, { score: _, takesOver: __, ...replica }: NewReplica): AttemptToSchedule {
    const { version, revision, resources, hostPorts } = deployment
    return {
      ...{
        ...replica,
        version,
        revision,
        resources,
        hostPorts,
        nodeDraining: false,
        status: 'running',
        wanted: 'run',
        reserved: true,
      },
      ...{ health: null, restartsInARow: 0, restarts: 0, reason: null, startedAt: this.#world.at, finishedAt: null },
    }
  }

  #refusalOf(request: PlacementRequest, policy: Policy, own: OwnReplicas): Refusal | null {
    const { first, always } = this.#world.explain
    if (!always.has(request.deploymentId) && this.#explained >= first) return null
    this.#explained++
    return new LazyExplanation({ request, policy, fleet: this.#fleet.seen(own) }).summary(0).refusal
  }
}

/** Returns what a stopped replica frees: everything it held except what its replacement takes over. */
function leftBy({ id, resources, hostPorts }: AttemptToSchedule, place: readonly NewReplica[]): Held {
  const handed = place.find(({ takesOver }) => takesOver?.replicaId === id)?.takesOver
  return handed
    ? {
        resources: subtractResources(resources, handed.resources),
        hostPorts: hostPorts.filter((port) => !handed.hostPorts.includes(port)),
      }
    : { resources, hostPorts }
}

export const simulationOf = (
  subject: DrillSubject,
  change: (attempt: AttemptToSchedule) => AttemptToSchedule,
): SimulatedDeployment => {
  const { deployment } = subject
  const attempts = deployment.attempts.map(change)
  return { subject, deployment: { ...deployment, attempts }, placed: [], unplaced: null }
}

const byPriority = (a: DrillSubject, b: DrillSubject): number =>
  b.priority - a.priority || (a.deployment.id < b.deployment.id ? -1 : 1)

/** Returns the replicas on the given nodes with their new nodes. */
function outcomeOf(
  { subject, deployment, placed, unplaced }: SimulatedDeployment,
  nodes: ReadonlySet<string>,
): DrilledDeployment {
  const scores = new Map(placed.map(({ id, score }) => [id, score]))
  const replicas = subject.deployment.attempts
    .filter((attempt) => isHere(attempt) && nodes.has(attempt.nodeId))
    .sort((a, b) => a.slot - b.slot || a.generation - b.generation)
    .map((attempt): DrilledReplica => {
      const successors = deployment.attempts.filter(
        (other) => isHere(other) && other.slot === attempt.slot && other.id !== attempt.id && !nodes.has(other.nodeId),
      )
      const [to] = successors.sort((a, b) => b.generation - a.generation)
      return { attempt, to: to ? { id: to.nodeId, nodeId: to.nodeName, score: scores.get(to.id) ?? null } : null }
    })
  const all = replicas.every(({ to }) => to !== null)
  const { name, status } = subject.deployment
  const idle =
    status === 'failed'
      ? `${name} has failed: its replicas move once somebody retries, rolls back or scales it`
      : 'A replacement that is on its way does not work yet: it moves once that one does'
  return {
    subject,
    outcome: all ? 'moves' : (unplaced?.outcome ?? 'held'),
    problem: all ? null : (unplaced?.problem ?? idle),
    refusal: all ? null : (unplaced?.refusal ?? null),
    replicas,
    placed,
    attempts: deployment.attempts,
  }
}

/** A drill takes long on a large fleet. It yields after each deployment, so that the caller can do other work. */
export type DrillSteps = Generator<void, DrilledDeployment[]>

interface Failing {
  /** UUIDs of the nodes that fail. */
  nodes: ReadonlySet<string>
  /** Those of them whose region outage protection would hold: their replicas are not lost. */
  guarded: ReadonlySet<string>
  /** No replica is lost earlier than this: see earliestLossSeconds. */
  earliestSeconds: number
}

/**
 * Simulates that the nodes go offline for good. Their replicas are lost, those of deployments with the shortest grace
 * period first, and all missing replicas of a deployment are placed at once. Reservations on the failed nodes stay.
 */
export function* drillFailure(world: DrillWorld, { nodes, guarded, earliestSeconds }: Failing): DrillSteps {
  const drill = new Drill(world, (node) =>
    nodes.has(node.id) ? { ...node, status: 'offline', cpuUsagePercent: null, memoryUsagePercent: null } : node,
  )
  const gracePeriod = ({ lostAfterSeconds }: DrillSubject): number => Math.max(lostAfterSeconds, earliestSeconds)
  const isLost = (subject: DrillSubject, attempt: AttemptToSchedule): boolean =>
    subject.lostAfterSeconds > 0 && isHere(attempt) && nodes.has(attempt.nodeId) && !guarded.has(attempt.nodeId)

  const order = [...world.subjects].sort((a, b) => gracePeriod(a) - gracePeriod(b) || byPriority(a, b))
  const results: DrilledDeployment[] = []
  while (order.length > 0) {
    const [first] = order
    const together = order.splice(0, order.filter((one) => first && gracePeriod(one) === gracePeriod(first)).length)
    // Replicas with the same grace period are lost together, before the first of their deployments is decided.
    const simulations = together.map((subject) => {
      const lost = subject.deployment.attempts.filter((attempt) => isLost(subject, attempt))
      drill.forget(
        subject.deployment,
        lost.map(({ id }) => id),
      )
      return simulationOf(subject, (one) => (lost.includes(one) ? { ...one, status: 'lost', wanted: 'stop' } : one))
    })
    for (const simulated of simulations) {
      const hit = simulated.deployment.attempts.filter((attempt) => nodes.has(attempt.nodeId))
      if (hit.some(({ status }) => status === 'lost')) {
        simulated.deployment = observed(simulated.deployment)
        drill.step(simulated, { moves: false })
      }
      results.push(withheld(outcomeOf(simulated, nodes), guarded))
      yield
    }
  }
  return results
}

/** Returns the deployment with the status that follows from the lost replicas. */
function observed(deployment: DeploymentToSchedule): DeploymentToSchedule {
  const { status, targetReplicas, attempts, revision } = deployment
  const replicas = attempts.map((attempt) => ({ ...attempt, current: attempt.revision === revision }))
  const next = statusAfterObservation(status, targetReplicas, replicas)
  return next ? { ...deployment, status: next.status } : deployment
}

/** Gives the reason when replicas stay because they are never lost or because outage protection holds them. */
function withheld(result: DrilledDeployment, guarded: ReadonlySet<string>): DrilledDeployment {
  if (result.outcome === 'moves') return result
  const { lostAfterSeconds } = result.subject
  if (lostAfterSeconds === 0)
    return { ...result, outcome: 'never', problem: 'It is never replaced: it waits for its nodes (lost_after is 0)' }
  if (
    result.outcome === 'held' &&
    result.replicas.some(({ attempt, to }) => to === null && guarded.has(attempt.nodeId))
  )
    return {
      ...result,
      outcome: 'guarded',
      problem: 'Outage protection holds it until nodes return or somebody overrides it',
    }
  return result
}

/**
 * Simulates the drain of the nodes. Each deployment moves one replica at a time, because the old replica runs until its
 * replacement works; so the deployments take turns.
 */
export function* drillDrain(world: DrillWorld, nodes: ReadonlySet<string>): DrillSteps {
  const drill = new Drill(world, (node) => (nodes.has(node.id) ? { ...node, draining: true } : node))
  const simulations = [...world.subjects].sort(byPriority).map((subject) =>
    simulationOf(subject, (attempt) => ({
      ...attempt,
      nodeDraining: attempt.nodeDraining || nodes.has(attempt.nodeId),
      // Starting replicas are assumed to come up.
      status: isHere(attempt) ? 'running' : attempt.status,
    })),
  )
  let moving = simulations
  while (moving.length > 0) {
    const turn = moving
    moving = []
    for (const simulated of turn) {
      if (drill.step(simulated, { moves: true })) moving.push(simulated)
      yield
    }
  }
  return simulations.map((simulated) => outcomeOf(simulated, nodes))
}

/**
 * Previews where each replica would go if a deployment were changed now. The code that decides real runs decides here,
 * too: the reconciler picks the replica to replace next, the scheduler core picks the node of the replacement, and the
 * replaced replica frees its reservation. Nothing is written.
 */
import type { PlacementRequest, Refusal } from '@/core/placement/types'
import { Drill, type DrillSubject, type DrillWorld, simulationOf } from './simulate'
import type { DeploymentToSchedule } from './types'

/** A replica that would be started. */
interface PreviewedReplica {
  slot: number
  /** The node of the replica that it replaces; null when the slot has no replica now. */
  from: { id: string; nodeId: string } | null
  to: { id: string; nodeId: string; score: number | null }
  /** The old replica stops first because both need the same host port. */
  stopsFirst: boolean
}

export interface PreviewedChange {
  /** By slot. */
  replicas: PreviewedReplica[]
  /** Number of replicas that stay as they are. */
  kept: number
  /** Number of replicas that would be stopped without a replacement. */
  removed: number
  /** Why the change would not complete, as a sentence; null when it would. */
  problem: string | null
  refusal: Refusal | null
}

/** `deployment` has the settings after the change and the attempts of now. Yields after each step. */
export function* previewChange(
  world: Omit<DrillWorld, 'subjects' | 'explain'>,
  deployment: DeploymentToSchedule,
): Generator<void, PreviewedChange> {
  const subject: DrillSubject = { deployment, priority: 0, lostAfterSeconds: 0 }
  const explain = { first: 1, always: new Set<PlacementRequest['deploymentId']>() }
  const drill = new Drill({ ...world, subjects: [subject], explain }, (node) => node, { releases: true })
  // Starting replicas are assumed to come up.
  const simulated = simulationOf(subject, (attempt) =>
    attempt.wanted === 'run' && (attempt.status === 'pending' || attempt.status === 'starting')
      ? { ...attempt, status: 'running', health: null }
      : attempt,
  )
  // Each step starts or stops at least one replica, so this bounds the loop.
  for (let steps = deployment.attempts.length + 2 * deployment.targetReplicas; steps > 0; steps--) {
    const goesOn = drill.step(simulated, { moves: true })
    yield
    if (!goesOn) break
  }
  return changeOf(deployment, simulated)
}

type SimulatedDeployment = ReturnType<typeof simulationOf>

function changeOf(
  before: DeploymentToSchedule,
  { deployment, placed, unplaced }: SimulatedDeployment,
): PreviewedChange {
  const running = before.attempts.filter(({ wanted, reserved }) => wanted === 'run' && reserved)
  const replicas = placed
    .map(({ slot, nodeId: id, nodeName: nodeId, score, takesOver }): PreviewedReplica => {
      const [old] = running.filter((attempt) => attempt.slot === slot).sort((a, b) => b.generation - a.generation)
      return {
        slot,
        from: old ? { id: old.nodeId, nodeId: old.nodeName } : null,
        to: { id, nodeId, score },
        stopsFirst: takesOver !== null,
      }
    })
    .sort((a, b) => a.slot - b.slot)
  const replaced = new Set(placed.map(({ slot }) => slot))
  const stays = new Set(deployment.attempts.filter(({ wanted }) => wanted === 'run').map(({ id }) => id))
  const left = running.filter(({ slot }) => !replaced.has(slot))
  return {
    replicas,
    kept: left.filter(({ id }) => stays.has(id)).length,
    removed: left.filter(({ id }) => !stays.has(id)).length,
    problem: unplaced?.problem ?? null,
    refusal: unplaced?.refusal ?? null,
  }
}

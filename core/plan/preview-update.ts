/**
 * Where each replica would go if a deployment were changed now, decided by what decides real runs: the reconciler says which
 * replica is replaced next, the scheduler's core where the replacement goes, and what was replaced gives its reservation
 * back. Nothing is written.
 */
import type { PlacementRequest, Refusal } from '@/core/placement/types'
import { Drill, type DrillSubject, type DrillWorld, simulationOf } from './simulate'
import type { DeploymentToSchedule } from './types'

/** A replica that would be started, in the order of the slots. */
interface PreviewedReplica {
  slot: number
  /** The node of the replica that it replaces; null when nothing of the slot runs now. */
  from: { id: string; nodeId: string } | null
  to: { id: string; nodeId: string; score: number | null }
  /** The replica that runs now stops first: both need the same host port. */
  stopsFirst: boolean
}

export interface PreviewedChange {
  replicas: PreviewedReplica[]
  /** Replicas that stay as they are. */
  kept: number
  /** Replicas that would be stopped without a replacement. */
  removed: number
  /** Why it would not go through, as a sentence; null when it would. */
  problem: string | null
  refusal: Refusal | null
}

/** `deployment` is as it would be after the change, with the attempts that there are now. */
export function* previewChange(
  world: Omit<DrillWorld, 'subjects' | 'explain'>,
  deployment: DeploymentToSchedule,
): Generator<void, PreviewedChange> {
  const subject: DrillSubject = { deployment, priority: 0, lostAfterSeconds: 0 }
  const explain = { first: 1, always: new Set<PlacementRequest['deploymentId']>() }
  const drill = new Drill({ ...world, subjects: [subject], explain }, (node) => node, { releases: true })
  // What is on its way is taken to arrive.
  const simulated = simulationOf(subject, (attempt) =>
    attempt.wanted === 'run' && (attempt.status === 'pending' || attempt.status === 'starting')
      ? { ...attempt, status: 'running', health: null }
      : attempt,
  )
  // Each step starts or stops one replica at least; a deployment has a hundred at most, and as many attempts of before.
  for (let steps = deployment.attempts.length + 2 * deployment.targetReplicas; steps > 0; steps--) {
    const goesOn = drill.step(simulated, { moves: true })
    yield
    if (!goesOn) break
  }
  return changeOf(deployment, simulated)
}

type SimulatedDeployment = ReturnType<typeof simulationOf>

function changeOf(before: DeploymentToSchedule, { deployment, placed, stuck }: SimulatedDeployment): PreviewedChange {
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
    problem: stuck?.problem ?? null,
    refusal: stuck?.refusal ?? null,
  }
}

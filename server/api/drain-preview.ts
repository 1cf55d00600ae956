import { fleetSeenFrom } from '../domain/fleet-journal'
import { isOf, othersOf } from '../domain/placed-replica'
import { isLive } from '../domain/status'
import type { DrainPreview, DrainPreviewReplica } from '../domain/views'
import { type Destination, evacuate, type Resident } from '../scheduler/evacuate'
import { requestFor } from '../scheduler/request'
import { resolveWishes } from '../scheduler/wishes'
import { deploymentsToMove } from '../store/drain-reads'
import { placedReplicas } from '../store/replica-places'
import { type AttemptToSchedule, type DeploymentToSchedule, readDeploymentsToSchedule } from '../store/scheduling-reads'
import { readSettings } from '../store/settings'
import type { Services } from './context'

interface Leaving {
  deployment: DeploymentToSchedule
  attempt: AttemptToSchedule
}

/** Where every replica of the nodes would go if they were drained now, by the scheduler's own core; writes nothing. */
export async function drainPreview({ store, fleet, clock }: Services, nodeIds: string[]): Promise<DrainPreview> {
  const at = clock.now()
  const [state, settings, deploymentIds] = await Promise.all([
    fleet.current(),
    readSettings(store),
    deploymentsToMove(store, nodeIds),
  ])
  const deployments = await readDeploymentsToSchedule(store, deploymentIds)
  const others = await placedReplicas(store, othersOf([...deployments.values()]))
  const now = fleetSeenFrom(state, { atMs: at.getTime(), earlier: [], own: new Map() })
  const nodes = new Map(now.nodes.map((node) => [node.id, node]))
  const leaving = new Set(nodeIds)
  const replicas = deploymentIds.flatMap((id): Leaving[] => {
    const deployment = deployments.get(id)
    if (!deployment) return []
    return deployment.attempts
      .filter((attempt) => isHere(attempt) && leaving.has(attempt.nodeId))
      .sort((a, b) => a.slot - b.slot)
      .map((attempt) => ({ deployment, attempt }))
  })
  const movable = replicas.filter(
    ({ deployment, attempt }) => heldBy(deployment) === null && !elsewhere(deployment, attempt, leaving),
  )
  const destinations = evacuate({
    fleet: now,
    leaving,
    residents: movable.map(
      ({ deployment, attempt }): Resident => ({
        replicaId: attempt.id,
        request: requestFor(deployment, {
          replicas: 1,
          wishes: resolveWishes(deployment.wishes, (rule) =>
            others
              .filter((one) => one.deploymentId !== deployment.id && isOf(one, rule.deployment))
              .flatMap((one) => nodes.get(one.nodeId) ?? []),
          ),
        }),
        policy: deployment.policy ?? settings.policy,
      }),
    ),
    own: new Map([...deployments.values()].map((deployment) => [deployment.id, countsOf(deployment)])),
  })
  const byReplica = new Map(destinations.map((destination) => [destination.replicaId, destination]))
  return {
    takenAt: at.toISOString(),
    replicas: replicas.map((one) => previewOf(one, { leaving, destination: byReplica.get(one.attempt.id) })),
  }
}

const isHere = ({ reserved, wanted, status }: AttemptToSchedule): boolean =>
  reserved && wanted === 'run' && isLive(status)

/** Why a deployment's replicas would not move by themselves; null when they would. */
const heldBy = ({ name, status }: DeploymentToSchedule): string | null =>
  status === 'failed' ? `${name} has failed: its replicas move once somebody retries, rolls back or scales it` : null

/** Another attempt of its slot, on a node that stays: its replacement is on its way already. */
const elsewhere = (
  { attempts }: DeploymentToSchedule,
  { slot, generation }: AttemptToSchedule,
  leaving: ReadonlySet<string>,
): AttemptToSchedule | undefined =>
  attempts.find(
    (other) =>
      isHere(other) &&
      other.slot === slot &&
      other.generation > generation &&
      !leaving.has(other.nodeId) &&
      !other.nodeDraining,
  )

function countsOf({ attempts }: DeploymentToSchedule): Map<string, number> {
  const counts = new Map<string, number>()
  for (const attempt of attempts)
    if (attempt.reserved && attempt.wanted === 'run') counts.set(attempt.nodeId, (counts.get(attempt.nodeId) ?? 0) + 1)
  return counts
}

function previewOf(
  { deployment, attempt }: Leaving,
  { leaving, destination }: { leaving: ReadonlySet<string>; destination: Destination | undefined },
): DrainPreviewReplica {
  const replica = {
    replicaId: attempt.id,
    deploymentId: deployment.id,
    deploymentName: deployment.name,
    slot: attempt.slot,
    from: { id: attempt.nodeId, nodeId: attempt.nodeName },
  }
  const underWay = elsewhere(deployment, attempt, leaving)
  if (underWay)
    return {
      ...replica,
      to: { id: underWay.nodeId, nodeId: underWay.nodeName, score: null },
      problem: null,
      reasons: [],
    }
  return {
    ...replica,
    to: destination?.to ?? null,
    problem: heldBy(deployment) ?? destination?.refusal?.message ?? null,
    reasons: destination?.refusal?.reasons ?? [],
  }
}

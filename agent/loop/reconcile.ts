/**
 * Compares desired with observed state and returns the actions to take. Pure: no clock, no engine, no `await`. The node
 * calls this again after every step, so the answer only needs to be right for this moment; an action may be carried out
 * twice without harm.
 */

import type { ContainerState, SeenContainer } from '@/agent/engines/engine'
import type { DesiredReplica, ReplicaReport } from '@/core/agents/protocol'
import { isFinal, replicaTransitions } from '@/core/deployments/status'

/** The newest report on a replica, as far as reconciliation needs it. */
export type ReplicaMemory = Pick<
  ReplicaReport,
  'status' | 'containerId' | 'health' | 'gone' | 'restartInMs' | 'standstill'
>

export type Action =
  /** The replica has no container: create one (pulling the image if it is missing) and start it. */
  | { kind: 'start'; replicaId: string; replica: DesiredReplica }
  /** Like `start`, but a container that must end first still holds the slot. */
  | { kind: 'wait'; replicaId: string; replica: DesiredReplica }
  /** The container exists, created by this agent or before its restart: start it if needed and report it. */
  | { kind: 'adopt'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** The container exited, or somebody else is ending it: record why, then restart it later or report the failure. */
  | { kind: 'settle'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** The container exited or is unhealthy, and its backoff is over: restart it. */
  | { kind: 'restart'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** The container ran until its engine or machine restarted: start it again. */
  | { kind: 'revive'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** Somebody else removed the container. */
  | { kind: 'vanished'; replicaId: string; containerId: string }
  /** The replica is no longer desired: stop and remove its container, and report it gone. */
  | { kind: 'stop'; replicaId: string; container: SeenContainer }
  /** The replica is not desired and has no container: report it gone. */
  | { kind: 'gone'; replicaId: string }
  /** A duplicate container, or what is left of a replica whose end was already reported: remove it. */
  | { kind: 'remove'; replicaId: string; container: SeenContainer; why: 'duplicate' | 'ended' }

export interface Situation {
  wanted: readonly DesiredReplica[]
  /** Only containers of this node. */
  containers: readonly SeenContainer[]
  memory: ReadonlyMap<string, ReplicaMemory>
  /** Replicas that were last seen running before the engine restarted. */
  interrupted?: ReadonlySet<string>
  /** Replicas whose restart is not due yet. */
  pausing?: ReadonlySet<string>
}

const none: ReadonlySet<string> = new Set()

export const reconcile = ({ wanted, containers, memory, interrupted = none, pausing = none }: Situation): Action[] => {
  const actions: Action[] = []
  const kept = new Map<string, SeenContainer>()
  for (const [replicaId, group] of byReplica(containers)) {
    const best = bestOf(group, memory.get(replicaId)?.containerId ?? null)
    kept.set(replicaId, best)
    for (const container of group) {
      if (container !== best) actions.push({ kind: 'remove', replicaId, container, why: 'duplicate' })
    }
  }

  const running = new Set(wanted.filter((replica) => replica.wanted === 'run').map((replica) => replica.replicaId))
  for (const replica of wanted) {
    const action = forReplica(replica, kept.get(replica.replicaId), memory.get(replica.replicaId), {
      interrupted,
      pausing,
    })
    if (!action) continue
    const held =
      action.kind === 'start' && containers.some((each) => holdsSlotOf(each, replica) && !running.has(each.replicaId))
    actions.push(held ? { ...action, kind: 'wait' } : action)
  }

  const known = new Set(wanted.map((replica) => replica.replicaId))
  for (const [replicaId, container] of kept) {
    if (known.has(replicaId)) continue
    actions.push(
      endReported(memory.get(replicaId))
        ? { kind: 'remove', replicaId, container, why: 'ended' }
        : { kind: 'stop', replicaId, container },
    )
  }
  // The control plane forgot the replica, or missed the report that it is gone: report once more, then forget it too.
  for (const [replicaId, reported] of memory) {
    if (!known.has(replicaId) && !kept.has(replicaId) && !reported.gone) actions.push({ kind: 'gone', replicaId })
  }
  return actions
}

const forReplica = (
  replica: DesiredReplica,
  container: SeenContainer | undefined,
  reported: ReplicaMemory | undefined,
  { interrupted, pausing }: { interrupted: ReadonlySet<string>; pausing: ReadonlySet<string> },
): Action | null => {
  const { replicaId } = replica
  if (endReported(reported)) {
    if (container) return { kind: 'remove', replicaId, container, why: 'ended' }
    return reported?.gone ? null : { kind: 'gone', replicaId }
  }
  if (replica.wanted === 'stop') return container ? { kind: 'stop', replicaId, container } : { kind: 'gone', replicaId }
  if (!container) {
    return reported?.containerId
      ? { kind: 'vanished', replicaId, containerId: reported.containerId }
      : { kind: 'start', replicaId, replica }
  }
  // A restart was only reported if it was for this container.
  const restartReported = reported?.containerId === container.id && reported.restartInMs !== null
  switch (container.state) {
    case 'exited':
      if (restartReported && reported.status === 'starting')
        return pausing.has(replicaId) ? null : { kind: 'restart', replicaId, replica, container }
      if (interrupted.has(replicaId) && ran(reported)) return { kind: 'revive', replicaId, replica, container }
      return { kind: 'settle', replicaId, replica, container }
    // Both states lead to an end, whatever the agent does.
    case 'stopping':
    case 'removing':
      return { kind: 'settle', replicaId, replica, container }
    case 'created':
      return { kind: 'adopt', replicaId, replica, container }
    case 'running':
      if (!isReported(reported, container)) return { kind: 'adopt', replicaId, replica, container }
      return restartReported && !pausing.has(replicaId) ? { kind: 'restart', replicaId, replica, container } : null
    case 'paused':
    case 'restarting':
    case 'unknown':
      return reported?.standstill === container.state ? null : { kind: 'adopt', replicaId, replica, container }
  }
}

/** Whether the replica ran, or was interrupted through no fault of its own. */
const ran = (reported: ReplicaMemory | undefined): boolean =>
  reported?.status === 'running' || (reported?.status === 'starting' && reported.restartInMs === null)

const isReported = (reported: ReplicaMemory | undefined, { id, health }: SeenContainer): boolean =>
  reported?.status === 'running' && reported.containerId === id && reported.health === health

/** Whether the end was reported. Another attempt is another replica, so this one never starts again. */
const endReported = (reported: ReplicaMemory | undefined): boolean =>
  reported !== undefined && isFinal(replicaTransitions, reported.status)

const holdsSlotOf = (container: SeenContainer, replica: DesiredReplica): boolean =>
  container.deploymentId === replica.deploymentId &&
  container.slot === replica.slot &&
  container.replicaId !== replica.replicaId

const byReplica = (containers: readonly SeenContainer[]): Map<string, SeenContainer[]> => {
  const groups = new Map<string, SeenContainer[]>()
  for (const each of containers) groups.set(each.replicaId, [...(groups.get(each.replicaId) ?? []), each])
  return groups
}

const ranks: Record<ContainerState, number> = {
  running: 0,
  paused: 1,
  restarting: 1,
  unknown: 1,
  created: 2,
  stopping: 3,
  exited: 4,
  removing: 5,
}

/** The container to keep: a running one before the others, then the reported one, then the oldest. */
const bestOf = (group: readonly SeenContainer[], reportedId: string | null): SeenContainer => {
  const order = (each: SeenContainer) => ranks[each.state] * 2 + (each.id === reportedId ? 0 : 1)
  const sorted = [...group].sort((a, b) => order(a) - order(b) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  const [best] = sorted
  if (!best) throw new Error('a replica without a container has no best one')
  return best
}

/**
 * What is wanted × what is there → what to do. Pure: no clock, no engine, no `await`. Asked again after every step, so
 * an answer needs to be right only for this moment; doing an action twice does no harm.
 */

import type { ContainerState, SeenContainer } from '@/agent/engines/engine'
import type { DesiredReplica, ReplicaReport } from '@/core/agents/protocol'
import { isFinal, replicaTransitions } from '@/core/deployments/status'

/** What the agent last said of a replica: its memory of it. */
export type ReplicaMemory = Pick<
  ReplicaReport,
  'status' | 'containerId' | 'health' | 'gone' | 'restartInMs' | 'standstill'
>

export type Action =
  /** There is no container yet: create (after a pull, where the image is missing) and start. */
  | { kind: 'start'; replicaId: string; replica: DesiredReplica }
  /** As start, but a container that has to end first still holds its slot. */
  | { kind: 'wait'; replicaId: string; replica: DesiredReplica }
  /** Its container is there, made by us or by the agent before a restart: start it if needed, and tell of it. */
  | { kind: 'adopt'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** Its container ended by itself, or somebody else is about to end it: record how, start it again later or tell of the failure. */
  | { kind: 'settle'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** It ended or its health check fails, and the pause is over: start the same container again. */
  | { kind: 'restart'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** It ran until its engine or machine was started anew: start the same container again. */
  | { kind: 'revive'; replicaId: string; replica: DesiredReplica; container: SeenContainer }
  /** It had a container, and somebody else removed it. */
  | { kind: 'vanished'; replicaId: string; containerId: string }
  /** Not wanted any more: stop it, remove it, tell that it is gone. */
  | { kind: 'stop'; replicaId: string; container: SeenContainer }
  /** Not wanted, and nothing is left of it: tell that it is gone. */
  | { kind: 'gone'; replicaId: string }
  /** A second container of a replica that has a better one, or what was left of one whose end was told already. */
  | { kind: 'remove'; replicaId: string; container: SeenContainer; why: 'duplicate' | 'ended' }

export interface Situation {
  wanted: readonly DesiredReplica[]
  /** Only containers of this node. */
  containers: readonly SeenContainer[]
  memory: ReadonlyMap<string, ReplicaMemory>
  /** Replicas that were last seen running before the engine was started anew. */
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
  // The control plane forgot it, or never heard that it is gone: say so once more, then forget it too.
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
  // Unless it is another container than the one that was told of.
  const restartReported = reported?.containerId === container.id && reported.restartInMs !== null
  switch (container.state) {
    case 'exited':
      if (restartReported && reported.status === 'starting')
        return pausing.has(replicaId) ? null : { kind: 'restart', replicaId, replica, container }
      if (interrupted.has(replicaId) && ran(reported)) return { kind: 'revive', replicaId, replica, container }
      return { kind: 'settle', replicaId, replica, container }
    // Either ends, whatever is done.
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

/** It ran, or had been stopped by nobody's fault of its own. */
const ran = (reported: ReplicaMemory | undefined): boolean =>
  reported?.status === 'running' || (reported?.status === 'starting' && reported.restartInMs === null)

const isReported = (reported: ReplicaMemory | undefined, { id, health }: SeenContainer): boolean =>
  reported?.status === 'running' && reported.containerId === id && reported.health === health

/** Its end was told: another attempt is another replica, so nothing may start for it again. */
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

/** The one that was told of, if it runs; else a running one, the oldest first. */
const bestOf = (group: readonly SeenContainer[], reportedId: string | null): SeenContainer => {
  const order = (each: SeenContainer) => ranks[each.state] * 2 + (each.id === reportedId ? 0 : 1)
  const sorted = [...group].sort((a, b) => order(a) - order(b) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  const [best] = sorted
  if (!best) throw new Error('a replica without a container has no best one')
  return best
}

/**
 * What is wanted × what is there → what to do. Pure: no clock, no engine, no `await`. Asked again after every step, so
 * an answer needs to be right only for this moment; doing an action twice does no harm.
 */
import type { ReplicaReport, WantedReplica } from '@/server/domain/agent-protocol'
import { isFinal, replicaTransitions } from '@/server/domain/status'
import type { ContainerState, SeenContainer } from './engine'

/** What the agent last said of a replica: its memory of it. */
export type ReplicaMemory = Pick<ReplicaReport, 'status' | 'containerId' | 'health' | 'gone'>

export type Action =
  /** There is no container yet: create (after a pull, where the image is missing) and start. */
  | { kind: 'start'; replicaId: string; replica: WantedReplica }
  /** As start, but a container that has to end first still holds its slot. */
  | { kind: 'wait'; replicaId: string; replica: WantedReplica }
  /** Its container is there, made by us or by the agent before a restart: start it if needed, and tell of it. */
  | { kind: 'adopt'; replicaId: string; replica: WantedReplica; container: SeenContainer }
  /** Its container ended by itself, or somebody else is about to end it: record how, remove it, tell of the failure. */
  | { kind: 'settle'; replicaId: string; replica: WantedReplica; container: SeenContainer }
  /** It ran until its engine or machine was started anew: start the same container again. */
  | { kind: 'revive'; replicaId: string; replica: WantedReplica; container: SeenContainer }
  /** It had a container, and somebody else removed it. */
  | { kind: 'vanished'; replicaId: string; containerId: string }
  /** Not wanted any more: stop it, remove it, tell that it is gone. */
  | { kind: 'stop'; replicaId: string; container: SeenContainer }
  /** Not wanted, and nothing is left of it: tell that it is gone. */
  | { kind: 'gone'; replicaId: string }
  /** A second container of a replica that has a better one, or what was left of one whose end was told already. */
  | { kind: 'remove'; replicaId: string; container: SeenContainer; why: 'duplicate' | 'ended' }

export interface Situation {
  wanted: readonly WantedReplica[]
  /** Only containers of this node. */
  containers: readonly SeenContainer[]
  memory: ReadonlyMap<string, ReplicaMemory>
  /** Replicas that were last seen running before the engine was started anew. */
  interrupted?: ReadonlySet<string>
}

const none: ReadonlySet<string> = new Set()

export const reconcile = ({ wanted, containers, memory, interrupted = none }: Situation): Action[] => {
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
    const action = forReplica(replica, kept.get(replica.replicaId), memory.get(replica.replicaId), interrupted)
    if (!action) continue
    const held =
      action.kind === 'start' && containers.some((each) => holdsSlotOf(each, replica) && !running.has(each.replicaId))
    actions.push(held ? { ...action, kind: 'wait' } : action)
  }

  const known = new Set(wanted.map((replica) => replica.replicaId))
  for (const [replicaId, container] of kept) {
    if (known.has(replicaId)) continue
    actions.push(
      endTold(memory.get(replicaId))
        ? { kind: 'remove', replicaId, container, why: 'ended' }
        : { kind: 'stop', replicaId, container },
    )
  }
  // The control plane forgot it, or never heard that it is gone: say so once more, then forget it too.
  for (const [replicaId, told] of memory) {
    if (!known.has(replicaId) && !kept.has(replicaId) && !told.gone) actions.push({ kind: 'gone', replicaId })
  }
  return actions
}

const forReplica = (
  replica: WantedReplica,
  container: SeenContainer | undefined,
  told: ReplicaMemory | undefined,
  interrupted: ReadonlySet<string>,
): Action | null => {
  const { replicaId } = replica
  if (endTold(told)) {
    if (container) return { kind: 'remove', replicaId, container, why: 'ended' }
    return told?.gone ? null : { kind: 'gone', replicaId }
  }
  if (replica.wanted === 'stop') return container ? { kind: 'stop', replicaId, container } : { kind: 'gone', replicaId }
  if (!container) {
    return told?.containerId
      ? { kind: 'vanished', replicaId, containerId: told.containerId }
      : { kind: 'start', replicaId, replica }
  }
  if (container.state === 'exited' && told?.status === 'running' && interrupted.has(replicaId))
    return { kind: 'revive', replicaId, replica, container }
  if (isEnding(container)) return { kind: 'settle', replicaId, replica, container }
  const upToDate =
    container.state === 'running' &&
    told?.status === 'running' &&
    told.containerId === container.id &&
    told.health === container.health
  return upToDate ? null : { kind: 'adopt', replicaId, replica, container }
}

/** It has ended, or will, whatever is done. */
const isEnding = ({ state }: SeenContainer): boolean =>
  state === 'exited' || state === 'stopping' || state === 'removing'

/** Its end was told: another attempt is another replica, so nothing may start for it again. */
const endTold = (told: ReplicaMemory | undefined): boolean =>
  told !== undefined && isFinal(replicaTransitions, told.status)

const holdsSlotOf = (container: SeenContainer, replica: WantedReplica): boolean =>
  container.deploymentId === replica.deploymentId &&
  container.slot === replica.slot &&
  container.replicaId !== replica.replicaId

const byReplica = (containers: readonly SeenContainer[]): Map<string, SeenContainer[]> => {
  const groups = new Map<string, SeenContainer[]>()
  for (const each of containers) groups.set(each.replicaId, [...(groups.get(each.replicaId) ?? []), each])
  return groups
}

const ranks: Record<ContainerState, number> = { running: 0, created: 1, stopping: 2, exited: 3, removing: 4 }

/** The one that was told of, if it runs; else a running one, the oldest first. */
const bestOf = (group: readonly SeenContainer[], toldId: string | null): SeenContainer => {
  const order = (each: SeenContainer) => ranks[each.state] * 2 + (each.id === toldId ? 0 : 1)
  const sorted = [...group].sort((a, b) => order(a) - order(b) || a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
  const [best] = sorted
  if (!best) throw new Error('a replica without a container has no best one')
  return best
}

/** Compares what the engines hold with the tables. */
import type { Containers, FoundContainer } from '@/tests/chaos/containers'
import { groupBy } from '@/tests/chaos/group'
import { restartsByItself } from '@/tests/chaos/images'
import type { Ledger } from '@/tests/chaos/ledger'
import type { ReplicaRow, Snapshot } from '@/tests/chaos/snapshot'

const slotOf = ({ deploymentId, slot }: FoundContainer): string => `${deploymentId}/${slot}`
const attemptOf = (container: FoundContainer): string => `${slotOf(container)}.${container.generation}`
const isThere = ({ state }: FoundContainer): boolean => state === 'running' || state === 'paused' || state === 'created'

/** At any moment an attempt has at most one container. */
export function checkDoubles(ledger: Ledger, containers: FoundContainer[]): void {
  for (const [attempt, group] of groupBy(containers.filter(isThere), attemptOf))
    ledger.check('containers', group.length === 1, attempt, () => ({
      what: `${group.length} containers of ${attempt} on ${group.map(({ host }) => host).join(', ')}`,
      evidence: group,
    }))
}

/**
 * Finds containers without a reservation. One that was removed before the tables were read is missing at the next look.
 */
export class Reservations {
  private readonly before = new Set<string>()

  /** @param containers read before the tables. */
  check(ledger: Ledger, { replicas }: Snapshot, containers: FoundContainer[]): void {
    const reserved = new Set(replicas.map(({ id }) => id))
    for (const container of containers)
      ledger.check('reserved', !this.before.has(container.id), container.id, () => ({
        what: `${container.host} still has a ${container.state} container of ${attemptOf(container)}, and its reservation was given back`,
        evidence: container,
      }))
    this.before.clear()
    for (const { id, replicaId } of containers) if (!reserved.has(replicaId)) this.before.add(id)
  }
}

/**
 * A container may come and go between two looks. A desired replica that is running in this many snapshots in a row must
 * have been visible. One that is to stop may have gone before the first look, while the report still waits at its
 * agent.
 */
const roundsToBelieve = 4

/** Replicas that are running according to the tables, but of which no started container was ever seen. */
export class UnseenRunners {
  private readonly rounds = new Map<string, number>()

  constructor(private readonly containers: Containers) {}

  check(ledger: Ledger, { replicas, deployments }: Snapshot): void {
    const fleeting = new Set(deployments.filter((row) => restartsByItself(row.container_image)).map((row) => row.id))
    const running = replicas.filter((replica) => replica.status === 'running' && !fleeting.has(replica.deployment_id))
    for (const replica of running) {
      const isReported = replica.container_id !== null && replica.started_at !== null
      ledger.check('seen running', isReported, replica.id, () => ({
        what: `Replica ${replica.id} is running without a container`,
        evidence: replica,
      }))
      if (replica.wanted === 'stop') continue
      const rounds = this.containers.started.has(replica.id) ? 0 : (this.rounds.get(replica.id) ?? 0) + 1
      this.rounds.set(replica.id, rounds)
      ledger.check('seen running', rounds < roundsToBelieve, `unseen ${replica.id}`, () => ({
        what: `Replica ${replica.id} is running on ${replica.node_name}, and its engine never started a container`,
        evidence: replica,
      }))
    }
  }
}

/** Differences between the desired state and the engines. Empty once everything is quiet. */
export function differences({ replicas, deployments }: Snapshot, containers: FoundContainer[]): string[] {
  const names = new Map(deployments.map(({ id, name }) => [id, name]))
  const label = ({ deployment_id, slot, generation, node_name }: ReplicaRow) =>
    `${names.get(deployment_id) ?? deployment_id}/${slot}.${generation} on ${node_name}`
  const wanted = new Map(replicas.filter(({ wanted }) => wanted === 'run').map((replica) => [replica.id, replica]))
  const found = groupBy(containers, (container) => container.replicaId)
  const problems: string[] = []
  for (const [id, replica] of wanted) {
    const own = found.get(id) ?? []
    const isRight = replica.status === 'running' && own.length === 1 && own[0]?.state === 'running'
    if (!isRight)
      problems.push(
        `${label(replica)} is ${replica.status} with containers: ${own.map(({ state }) => state).join(', ') || 'none'}`,
      )
    else if (own[0]?.id !== replica.container_id) problems.push(`${label(replica)} names another container`)
  }
  for (const replica of replicas)
    if (!wanted.has(replica.id)) problems.push(`${label(replica)} still holds a reservation`)
  for (const container of containers)
    if (!wanted.has(container.replicaId))
      problems.push(
        `${container.host} holds a ${container.state} container of ${attemptOf(container)} that nobody wants`,
      )
  return problems
}

/** Once everything is quiet, each slot has one live container. */
export function checkSlots(ledger: Ledger, containers: FoundContainer[]): void {
  for (const [slot, group] of groupBy(containers.filter(isThere), slotOf))
    ledger.check('containers', group.length === 1, `slot ${slot}`, () => ({
      what: `${group.length} live containers of slot ${slot} once all is quiet`,
      evidence: group,
    }))
}

/** Containers of hosts that are cut off, which must keep running. */
export class CutOff {
  private readonly before = new Map<string, Map<string, FoundContainer>>()

  constructor(
    private readonly containers: Pick<Containers, 'inspectHost'>,
    /** Whether the tables say that it is to stop. */
    private readonly isLeaving: (container: FoundContainer) => boolean,
  ) {}

  /**
   * Starts watching a moment after the cut, because earlier requests may still be carried out. Containers that are to
   * stop are left out, since a busy agent may stop them much later.
   */
  async begin(host: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const there = await this.expected(host)
    if (there) this.before.set(host, new Map(there.map((each) => [each.id, each])))
  }

  /** Running containers that are to stay; null when the host does not answer. */
  private async expected(host: string): Promise<FoundContainer[] | null> {
    const there = await this.containers.inspectHost(host)
    return there?.filter((each) => each.state === 'running' && !this.isLeaving(each)) ?? null
  }

  /** Running containers that are to stay and don't exit by themselves. */
  async lasting(host: string): Promise<FoundContainer[]> {
    return ((await this.expected(host)) ?? []).filter((each) => !restartsByItself(each.image))
  }

  async end(ledger: Ledger, host: string): Promise<void> {
    const before = this.before.get(host)
    this.before.delete(host)
    const now = before && (await this.containers.inspectHost(host))
    if (!before || !now) return
    const running = new Set(now.filter(({ state }) => state === 'running').map(({ id }) => id))
    for (const [id, container] of before) {
      if (restartsByItself(container.image)) continue
      ledger.check('cut off', running.has(id), id, () => ({
        what: `${host} was cut off, and its container of ${attemptOf(container)} did not run on`,
        evidence: container,
      }))
    }
  }
}

/** Time for a stop that was under way at the cut, with its grace period. */
const settleMs = 2_000

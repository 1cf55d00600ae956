/**
 * What is known about a node's containers. A single inspection is newer than any list that was requested before it, so
 * a list never overwrites what changed while it was under way.
 */

import type { Engine, InspectedContainer, SeenContainer } from '@/agent/engines/engine'
import type { Clock } from '@/agent/lib/clock'

/**
 * Smaller clock differences are ignored: the clocks of engine and agent always differ a little, and a reported time
 * must not change when the agent restarts.
 */
const sameClockMs = 1_000

/** Times of one container: by the engine's clock → by the agent's clock. */
type Moments = Map<string, string>

export class EngineView {
  /** False until the first list: nothing may be concluded from an empty view. */
  known = false
  corrections = 0
  private readonly seen = new Map<string, SeenContainer>()
  /** Replica → the step at which it was last touched. */
  private readonly touchedAt = new Map<string, number>()
  /** Container → replica, for events that came while the replica's task was busy, until the next inspection. */
  private readonly news = new Map<string, string>()
  private readonly moments = new Map<string, Moments>()
  private step = 0

  constructor(
    private readonly engine: Pick<Engine, 'list' | 'inspect' | 'now'>,
    private readonly nodeIds: ReadonlySet<string>,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  containers(): SeenContainer[] {
    return [...this.seen.values()]
  }

  runningIds(): string[] {
    return this.containers()
      .filter((each) => each.state === 'running')
      .map((each) => each.id)
  }

  runningReplicas(): string[] {
    return this.containers()
      .filter((each) => each.state === 'running')
      .map((each) => each.replicaId)
  }

  /** Marks the replica as busy; the returned function marks the end. */
  touching(replicaId: string): () => void {
    this.touchedAt.set(replicaId, ++this.step)
    return () => this.touchedAt.set(replicaId, ++this.step)
  }

  /** Records an event for a container whose replica is busy. */
  markNews(containerId: string, replicaId: string): void {
    this.news.set(containerId, replicaId)
  }

  /** Containers of the replica with events that no inspection has followed. */
  newsOf(replicaId: string): string[] {
    return [...this.news].filter(([, each]) => each === replicaId).map(([containerId]) => containerId)
  }

  /** Drops what is kept about a replica that has ended. */
  forget(replicaId: string): void {
    this.touchedAt.delete(replicaId)
  }

  /** Inspects a container; null when it doesn't exist or belongs to another node. Times are by the agent's clock. */
  async inspect(containerId: string): Promise<InspectedContainer | null> {
    this.news.delete(containerId)
    const found = await this.engine.inspect(containerId)
    const before = this.seen.get(containerId)
    const replicaId = found?.replicaId ?? before?.replicaId
    if (replicaId) this.touchedAt.set(replicaId, ++this.step)
    if (found && this.nodeIds.has(found.nodeId)) {
      this.seen.set(containerId, found)
      return this.byAgentClock(found)
    }
    this.drop(containerId)
    return null
  }

  private drop(containerId: string): void {
    this.seen.delete(containerId)
    this.moments.delete(containerId)
  }

  /**
   * Converts each time when it is first seen, so that a later change of the engine's clock doesn't move times in the
   * past.
   */
  private byAgentClock(found: InspectedContainer): InspectedContainer {
    const now = this.clock.now()
    const aheadMs = now - this.engine.now()
    const isSame = Math.abs(aheadMs) < sameClockMs
    const before = this.moments.get(found.id)
    const moments: Moments = new Map()
    const converted = (time: string | null): string | null => {
      if (time === null || Number.isNaN(Date.parse(time))) return time
      const ours = isSame ? time : new Date(Math.min(Date.parse(time) + aheadMs, now)).toISOString()
      const kept = before?.get(time) ?? ours
      moments.set(time, kept)
      return kept
    }
    const seen = { ...found, startedAt: converted(found.startedAt), finishedAt: converted(found.finishedAt) }
    this.moments.set(found.id, moments)
    return seen
  }

  /** Lists all containers. Returns how many unexpected differences it found; 0 unless `count` is set. */
  async refresh(isBusy: (replicaId: string) => boolean, count: boolean): Promise<number> {
    const from = ++this.step
    const listed = (await this.engine.list()).filter((each) => this.nodeIds.has(each.nodeId))
    const isSettled = (replicaId: string) => !isBusy(replicaId) && (this.touchedAt.get(replicaId) ?? 0) <= from
    let different = 0
    const found = new Map(listed.map((each) => [each.id, each]))
    for (const [id, before] of this.seen) {
      if (found.has(id) || !isSettled(before.replicaId)) continue
      this.drop(id)
      different += 1
    }
    for (const each of listed) {
      if (!isSettled(each.replicaId)) continue
      const before = this.seen.get(each.id)
      // Podman's lists have no health, so the health of the last inspection stays.
      const health = each.health ?? (before?.state === each.state ? before.health : null)
      if (before?.state !== each.state || before.health !== health) different += 1
      this.seen.set(each.id, { ...each, health })
    }
    const corrected = this.known && count ? different : 0
    this.known = true
    this.corrections += corrected
    return corrected
  }
}

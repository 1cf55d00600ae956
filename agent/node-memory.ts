/** What a node told of each replica: on the disk, so that a restart knows it, and sent, as far as it is news. */
import type { ReplicaReport, WantedState } from '@/server/domain/agent-protocol'
import { canTransition, replicaTransitions } from '@/server/domain/status'
import { SavedFile } from './files'
import { type Logger, wordsOf } from './log'
import { parseState, renderState } from './node-state'
import type { Outbox } from './outbox'

export interface NodeMemoryOptions {
  nodeId: string
  name: string
  stateFile: string
  /** Whether to wait for the disk at each save. */
  durable: boolean
  outbox: Pick<Outbox, 'put' | 'isWaiting'>
  log: Logger
  /** The newest wanted state: it is kept in the same file. */
  wanted: () => WantedState | null
}

const levels = { starting: 'debug', running: 'info', stopping: 'debug', stopped: 'info', failed: 'warn' } as const

export class NodeMemory {
  readonly told = new Map<string, ReplicaReport>()
  private readonly sent = new Map<string, string>()
  private readonly saved: SavedFile
  /** What an earlier process was told, until this one is told anew. */
  private before: WantedState | null = null

  constructor(private readonly options: NodeMemoryOptions) {
    const render = () => renderState({ wanted: options.wanted(), memory: [...this.told.values()] })
    this.saved = new SavedFile(options.stateFile, render, options.durable)
  }

  /** Reads what an earlier process left, says it all again, and hands out the wanted state that it had. */
  async load(): Promise<WantedState | null> {
    const { wanted, memory } = parseState(await this.saved.load())
    this.before = wanted
    for (const each of memory) {
      // Told under a former id of this node: the control plane knows only the present one.
      const report = { ...each, nodeId: this.options.nodeId }
      this.told.set(report.replicaId, report)
      this.send(report)
    }
    return wanted
  }

  /** Resolves when it is on the disk. A replica never goes back: another attempt is another replica. */
  async tell(news: ReplicaReport): Promise<void> {
    const report = { ...news, reason: shortened(news.reason) }
    const before = this.told.get(report.replicaId)?.status
    if (before && before !== report.status && !canTransition(replicaTransitions, before, report.status)) return
    this.told.set(report.replicaId, report)
    this.send(report)
    await this.save()
  }

  /** Without telling. */
  async remember(report: ReplicaReport): Promise<void> {
    this.told.set(report.replicaId, { ...report, reason: shortened(report.reason) })
    await this.save()
  }

  /** Ends that are spoken of as if they had never been told: that report was lost, with a database that went back. */
  repeatEnds(state: WantedState): void {
    for (const { replicaId } of state.replicas) {
      const told = this.told.get(replicaId)
      if (told?.gone) this.options.outbox.put(told)
    }
  }

  /** Replicas that are over, told and no longer wanted need no memory. Hands out those. */
  forgetEnded(wanted: ReadonlySet<string>): string[] {
    const forgotten: string[] = []
    for (const [replicaId, { gone }] of this.told) {
      if (!gone || wanted.has(replicaId) || this.options.outbox.isWaiting(replicaId)) continue
      forgotten.push(replicaId)
      this.told.delete(replicaId)
      this.sent.delete(replicaId)
    }
    if (forgotten.length > 0) void this.save()
    return forgotten
  }

  /** A full disk must not stop the node: it goes on with what it knows. */
  async save(): Promise<void> {
    await this.saved.save().catch((error) => {
      this.options.log.error(`${this.options.name}: could not save the state of this node: ${wordsOf(error)}`)
    })
  }

  /** Only what is new. */
  private send(report: ReplicaReport): void {
    const { outbox, log, name, wanted } = this.options
    const text = JSON.stringify(report)
    if (this.sent.get(report.replicaId) === text) return
    this.sent.set(report.replicaId, text)
    outbox.put(report)
    const replica = (wanted() ?? this.before)?.replicas.find((each) => each.replicaId === report.replicaId)
    const label = replica ? `${replica.deploymentName}/${replica.slot}.${replica.generation}` : report.replicaId
    const health = report.health ? `, ${report.health}` : ''
    log[levels[report.status]](`${name}: ${label} ${report.status}${health}: ${report.reason}`)
  }
}

/** Engines can be wordy; the control plane takes 2,000 characters. */
export const shortened = (words: string): string => (words.length > 1_000 ? `${words.slice(0, 999)}…` : words)

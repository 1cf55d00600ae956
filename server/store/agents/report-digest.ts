/** Applies reports of agents to the rows of replicas in memory, before anything is written. */
import type { ReplicaReport } from '@/core/agents/protocol'
import { restartRules } from '@/core/deployments/restart'
import { canTransition, isLive, type ReplicaStatus, replicaTransitions } from '@/core/deployments/status'
import type { Absence, ReturnNews } from '@/server/store/node-loss/node-returns'

export interface ReplicaRow {
  id: string
  deployment_id: string
  node_id: string
  node_name: string
  status: ReplicaStatus
  wanted: 'run' | 'stop'
  reserved: boolean
  health: ReplicaReport['health']
  interruptions: number
  reason: string | null
  cpu_millis: number
  memory_mb: number
  storage_gb: number
  gpu_units: number
  node_status: string
  last_heartbeat: Date
}

export interface HistoryRow {
  replica: ReplicaRow
  from: ReplicaStatus
  to: ReplicaStatus
  reason: string
  health: ReplicaReport['health']
  /** When the agent observed it, ISO 8601; null means now. */
  at: string | null
}

/** The changes of one replica that are to be written. */
export interface WrittenReplica {
  row: ReplicaRow
  /** The newest report about the replica. */
  report: ReplicaReport
  ended: boolean
  /** The report of the newest interruption. */
  interruption: ReplicaReport | null
  /** The report that first said that it is unhealthy. */
  unhealthy: ReplicaReport | null
  /** The newest step, unless it changed the status. */
  message: HistoryRow | null
}

interface Digest {
  unknown: string[]
  /** Keyed by replica. */
  written: Map<string, WrittenReplica>
  history: HistoryRow[]
  freed: Set<ReplicaRow>
  /** The reasons that agents gave, also for replicas that had been declared lost before. */
  failed: Map<string, string>
  /** Replicas that ended although they should run. */
  endedWhileDesired: ReplicaRow[]
  /** Replicas that were restarted on their nodes so often that another node is to be tried. */
  restartedTooOften: ReplicaRow[]
  /** Replicas that started to run, or whose health changed. */
  seenRunning: Set<ReplicaRow>
}

/** Applies the reports to the rows in memory, in order, and collects what is to be written. */
export function digest(rows: Map<string, ReplicaRow>, nodeIds: ReadonlySet<string>, reports: ReplicaReport[]): Digest {
  const seen: Digest = {
    unknown: [],
    written: new Map(),
    history: [],
    freed: new Set(),
    failed: new Map(),
    endedWhileDesired: [],
    restartedTooOften: [],
    seenRunning: new Set(),
  }
  for (const report of reports) {
    const row = rows.get(report.replicaId)
    if (!row || row.node_id !== report.nodeId || !nodeIds.has(row.node_id)) {
      seen.unknown.push(report.replicaId)
      continue
    }
    if (report.status === 'failed') seen.failed.set(row.id, report.reason)
    const status = statusOf(row, report)
    if (isNews(row, status, report)) observe(seen, row, { ...report, status, ...textOf(row, report) })
    // A report that comes too late to change the status may still say that the container is gone.
    if (report.gone && row.reserved && !isLive(row.status)) {
      row.reserved = false
      seen.freed.add(row)
    }
  }
  return seen
}

/**
 * Reports may come twice, and late: one that knows of fewer interruptions was overtaken, and a replica goes back to
 * `starting` only with one more.
 */
const isNews = (row: ReplicaRow, status: ReplicaReport['status'], { restarts }: ReplicaReport): boolean => {
  const { interruptions } = restarts
  if (isLive(status) && interruptions < row.interruptions) return false
  if (row.status === status) return true
  if (row.status === 'running' && status === 'starting' && interruptions === row.interruptions) return false
  return canTransition(replicaTransitions, row.status, status)
}

/** What was given up as lost and had failed by itself is simply over: its successor has been placed long ago. */
const statusOf = (row: ReplicaRow, report: ReplicaReport): ReplicaReport['status'] =>
  row.status === 'lost' && report.status === 'failed' ? 'stopped' : report.status

const textOf = (row: ReplicaRow, report: ReplicaReport): { reason: string } => {
  if (row.status !== 'lost' || report.status !== 'failed') return { reason: report.reason }
  const when = report.observedAt === null ? '' : `, at ${report.observedAt}`
  return { reason: `Had ended by itself while its node was offline${when}: ${report.reason}`.slice(0, 2_000) }
}

function observe(seen: Digest, row: ReplicaRow, report: ReplicaReport): void {
  const from = row.status
  const moves = from !== report.status
  const before = seen.written.get(row.id)
  const step = moves || row.reason !== report.reason ? noteStep(seen, row, report, before) : null
  if (report.status === 'running' && (moves || row.health !== report.health)) seen.seenRunning.add(row)
  // What stands still has not ended.
  const interrupted = report.restarts.interruptions > row.interruptions && report.standstill === null
  const fallsIll = report.health === 'unhealthy' && row.health !== 'unhealthy'
  row.status = report.status
  row.interruptions = Math.max(row.interruptions, report.restarts.interruptions)
  row.health = report.health
  row.reason = report.reason
  const { restarts, inARow } = report.restarts
  if (interrupted && row.wanted === 'run' && Math.min(restarts, inARow) >= restartRules.beforeMove)
    seen.restartedTooOften.push(row)
  const over = moves && !isLive(report.status)
  if (over && row.wanted === 'run') {
    row.wanted = 'stop'
    seen.endedWhileDesired.push(row)
  }
  seen.written.set(row.id, {
    row,
    report,
    ended: (before?.ended ?? false) || (over && report.status !== 'stopping'),
    interruption: interrupted ? report : (before?.interruption ?? null),
    unhealthy: fallsIll ? report : (before?.unhealthy ?? null),
    message: moves ? null : (step ?? before?.message ?? null),
  })
}

/** A message of the same step that is replaced before anybody could read it gets no row of its own. */
function noteStep(
  seen: Digest,
  row: ReplicaRow,
  report: ReplicaReport,
  before: WrittenReplica | undefined,
): HistoryRow {
  const { status: to, reason, health, observedAt: at } = report
  const message = before?.message ?? null
  const replaces =
    message !== null &&
    message.to === to &&
    message.health === health &&
    before?.report.startedAt === report.startedAt &&
    before.report.restarts.interruptions === report.restarts.interruptions
  if (replaces) return Object.assign(message, { reason, at })
  const step: HistoryRow = { replica: row, from: row.status, to, reason, health, at }
  seen.history.push(step)
  return step
}

/** Nodes that are online again because of a report, before their first heartbeat. */
export function absencesOf(rows: ReplicaRow[]): Absence[] {
  const offline = rows.filter((row) => row.node_status === 'offline')
  return [...new Map(offline.map((row) => [row.node_id, row])).values()].map((row) => ({
    nodeId: row.node_id,
    offlineSince: row.last_heartbeat,
  }))
}

/** The news that returns of nodes wait for: a container still runs, ended although it should run, or is gone. */
export function returnNewsOf(seen: Digest): ReturnNews[] {
  const news = new Map<string, ReturnNews>()
  for (const row of seen.freed) news.set(row.id, { replicaId: row.id, what: 'gone', message: null })
  for (const [replicaId, message] of seen.failed) news.set(replicaId, { replicaId, what: 'failed', message })
  for (const { row, report } of seen.written.values()) {
    const { id: replicaId, status, wanted } = row
    if (status === 'running' && wanted === 'run')
      news.set(replicaId, { replicaId, what: 'kept', message: report.reason })
  }
  return [...news.values()]
}

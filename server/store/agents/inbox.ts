/**
 * What agents say, in commits that many agents share: a thousand machines that beat in the same second must not make a
 * thousand commits of it.
 */
import type { NodeHeartbeat, ReplicaReport } from '@/core/agents/protocol'
import { ReportLimit } from '@/core/agents/report-limit'
import { Failure } from '@/core/contract/failure'
import { groupCommit } from '@/server/db/batch'
import type { Store } from '@/server/db/client'
import { databaseProblem } from '@/server/db/errors'
import { hashToken } from '@/server/store/accounts/credentials'
import { recordHeartbeats, type SignedHeartbeat } from './heartbeats'
import { nodesOfSpeaker, type Speaker } from './identities'
import { applyReports, type ReportOutcome } from './reports'

interface Received {
  /** The number of nodes for which the speaker speaks. */
  known: number
  /** Nodes whose agent holds an outdated desired state. */
  stale: string[]
  /** Nodes that were offline before. */
  returned: string[]
  /** The heartbeat interval in seconds; null if no node is known. */
  heartbeatSeconds: number | null
}

export interface AgentInbox {
  /** Resolves after the commit. Heartbeats of nodes for which the speaker does not speak change nothing. */
  heartbeat(speaker: Speaker, beats: NodeHeartbeat[]): Promise<Received>
  /** The nodes for which the speaker speaks. Throws a Failure with the reason if there are none. */
  nodesOfSpeaker(speaker: Speaker): Promise<Set<string>>
  /** Resolves after the commit. `nodeIds` are those for which the agent speaks. Throws if a node reports too much. */
  report(nodeIds: ReadonlySet<string>, reports: ReplicaReport[]): Promise<ReportOutcome>
  /** Resolves when the heartbeats that arrived before this call are committed; rejects if the database accepts none. */
  heartbeatsTaken(): Promise<void>
  /** The same for reports. */
  reportsTaken(): Promise<void>
  /** The number of agents' calls that wait for their commit. */
  waiting(): { heartbeats: number; reports: number }
}

/**
 * How long a heartbeat waits for others to share its commit: even ten thousand agents cause at most 40 commits a
 * second.
 */
const heartbeatPauseMs = 25
/** From this many reports on, a commit is part of a burst, and the next one waits for others, too. */
const burst = { reports: 100, pauseMs: 60 }
/** The most calls in one commit. */
const callsPerCommit = 500

interface ReportCall {
  nodeIds: ReadonlySet<string>
  reports: ReplicaReport[]
}

export function createAgentInbox(store: Store): AgentInbox {
  const heartbeat = groupCommit<SignedHeartbeat[], Received>({
    write: (calls) => writeHeartbeats(store, calls),
    limit: callsPerCommit,
    atOnce: 1,
    pauseMs: () => heartbeatPauseMs,
    mayGoAlone,
  })
  const report = groupCommit<ReportCall, ReportOutcome>({
    write: (calls) => writeReports(store, calls),
    limit: callsPerCommit,
    // Two commits at once would wait for each other's nodes and deployments, and each would carry less.
    atOnce: 1,
    pauseMs: (calls) =>
      calls.reduce((sum, { reports }) => sum + reports.length, 0) < burst.reports ? 0 : burst.pauseMs,
    mayGoAlone,
  })
  const limit = new ReportLimit(() => performance.now())
  const waiting = { heartbeats: 0, reports: 0 }
  const counted = async <T>(what: keyof typeof waiting, call: Promise<T>): Promise<T> => {
    waiting[what]++
    try {
      return await call
    } finally {
      waiting[what]--
    }
  }
  return {
    heartbeat: ({ credential, instance }, beats) => {
      const credentialHash = hashToken(credential)
      return counted('heartbeats', heartbeat(beats.map((beat) => ({ ...beat, credentialHash, instance }))))
    },
    nodesOfSpeaker: (speaker) => nodesOfSpeaker(store, speaker),
    report: async (nodeIds, reports) => {
      const waitMs = limit.take(reports.map(({ nodeId }) => nodeId).filter((nodeId) => nodeIds.has(nodeId)))
      if (waitMs !== null) throw tooMany(Math.ceil(waitMs / 1_000))
      return counted('reports', report({ nodeIds, reports }))
    },
    heartbeatsTaken: async () => void (await heartbeat([])),
    reportsTaken: async () => void (await report({ nodeIds: new Set(), reports: [] })),
    waiting: () => ({ ...waiting }),
  }
}

const tooMany = (seconds: number): Failure =>
  new Failure('too-many', `A node sent too many reports: its agent sends them again in ${seconds} s`, {
    retryAfterSeconds: seconds,
  })

/**
 * A database that takes nothing of all takes nothing of each: agents send it again, and nobody waits for one after the
 * other.
 */
const mayGoAlone = (error: unknown): boolean => databaseProblem(error) === null

async function writeHeartbeats(store: Store, calls: SignedHeartbeat[][]): Promise<Received[]> {
  // Of a node that beat twice the newer one counts. A stranger that names the node is not the same.
  const newest = new Map<string, SignedHeartbeat>()
  for (const beat of calls.flat()) newest.set(`${beat.nodeId} ${beat.credentialHash} ${beat.instance}`, beat)
  const outcomes = await recordHeartbeats(store, [...newest.values()])
  return calls.map((beats): Received => {
    const received: Received = { known: 0, stale: [], returned: [], heartbeatSeconds: null }
    for (const { nodeId, credentialHash, instance, revision } of beats) {
      const outcome = outcomes.get(nodeId)
      if (outcome?.credentialHash !== credentialHash || outcome.instance !== instance) continue
      received.known++
      received.heartbeatSeconds = outcome.heartbeatSeconds
      if (outcome.revision !== revision) received.stale.push(nodeId)
      if (outcome.returned) received.returned.push(nodeId)
    }
    return received
  })
}

async function writeReports(store: Store, calls: ReportCall[]): Promise<ReportOutcome[]> {
  const own = calls.map(({ nodeIds, reports }) => reports.filter((report) => nodeIds.has(report.nodeId)))
  const reports = own.flat()
  const outcome = await applyReports(store, new Set(reports.map((report) => report.nodeId)), reports)
  const unknown = new Set(outcome.unknown)
  return calls.map((call, i): ReportOutcome => {
    const mine = new Set(own[i]?.map((report) => report.replicaId))
    return {
      unknown: call.reports.flatMap(({ nodeId, replicaId }) =>
        !call.nodeIds.has(nodeId) || unknown.has(replicaId) ? [replicaId] : [],
      ),
      replicas: outcome.replicas.filter((replica) => mine.has(replica.id)),
      // What follows of a deployment may come from several agents: it is told once.
      deployments: i === 0 ? outcome.deployments : [],
    }
  })
}

/**
 * What agents say, in commits that many agents share: a thousand machines that beat in the same second must not make a
 * thousand commits of it.
 */
import type { NodeHeartbeat, ReplicaReport } from '../domain/agent-protocol'
import type { Store } from './context'
import { hashToken } from './credentials'
import { groupCommit } from './group-commit'
import { recordHeartbeats, type SignedHeartbeat } from './nodes'
import { applyReports, type ReportOutcome } from './reports'

export interface Heard {
  /** How many of the nodes belong to the credential. */
  known: number
  /** Nodes whose agent holds another wanted state than there is. */
  stale: string[]
  /** Nodes that were silent before. */
  returned: string[]
  /** How often agents are to beat; null when no node is known. */
  heartbeatSeconds: number | null
}

export interface AgentInbox {
  /** Resolves after the commit. Beats of nodes that do not belong to the credential change nothing. */
  heartbeat(credential: string, beats: NodeHeartbeat[]): Promise<Heard>
  /** Resolves after the commit. `nodeIds` are those for which the agent speaks. */
  report(nodeIds: ReadonlySet<string>, reports: ReplicaReport[]): Promise<ReportOutcome>
}

/** A heartbeat may wait so long for company: then even ten thousand agents make 40 commits a second at most. */
const heartbeatPauseMs = 25
/** A commit of so many reports is one of many: the next may wait for company, too. */
const burst = { reports: 100, pauseMs: 60 }
/** Calls of agents in one commit at most. */
const callsPerCommit = 500

interface ReportCall {
  nodeIds: ReadonlySet<string>
  reports: ReplicaReport[]
}

export function createAgentInbox(store: Store): AgentInbox {
  const heartbeat = groupCommit<SignedHeartbeat[], Heard>({
    write: (calls) => writeHeartbeats(store, calls),
    limit: callsPerCommit,
    atOnce: 1,
    pauseMs: () => heartbeatPauseMs,
  })
  const report = groupCommit<ReportCall, ReportOutcome>({
    write: (calls) => writeReports(store, calls),
    limit: callsPerCommit,
    // Two at once would wait for each other's nodes and deployments, and carry less each.
    atOnce: 1,
    pauseMs: (calls) =>
      calls.reduce((sum, { reports }) => sum + reports.length, 0) < burst.reports ? 0 : burst.pauseMs,
  })
  return {
    heartbeat: (credential, beats) => {
      const credentialHash = hashToken(credential)
      return heartbeat(beats.map((beat) => ({ ...beat, credentialHash })))
    },
    report: (nodeIds, reports) => report({ nodeIds, reports }),
  }
}

async function writeHeartbeats(store: Store, calls: SignedHeartbeat[][]): Promise<Heard[]> {
  // Of a node that beat twice the newer one counts. A stranger that names the node is not the same.
  const newest = new Map<string, SignedHeartbeat>()
  for (const beat of calls.flat()) newest.set(`${beat.nodeId} ${beat.credentialHash}`, beat)
  const outcomes = await recordHeartbeats(store, [...newest.values()])
  return calls.map((beats): Heard => {
    const heard: Heard = { known: 0, stale: [], returned: [], heartbeatSeconds: null }
    for (const { nodeId, credentialHash, revision } of beats) {
      const outcome = outcomes.get(nodeId)
      if (outcome?.credentialHash !== credentialHash) continue
      heard.known++
      heard.heartbeatSeconds = outcome.heartbeatSeconds
      if (outcome.revision !== revision) heard.stale.push(nodeId)
      if (outcome.returned) heard.returned.push(nodeId)
    }
    return heard
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

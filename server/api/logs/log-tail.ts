import { isLive } from '@/core/deployments/status'
import { logLimits } from '@/core/logs/log'
import type { ReplicaView } from '@/core/views/deployments'
import type { Services } from '@/server/api/context/context'
import { ChangeCollector } from '@/server/api/stream/streams'
import { readDeployment } from '@/server/store/deployments/deployment-reads'
import { unreadLogs, wantLogs } from '@/server/store/logs/replica-logs'

interface TailLine {
  replica_id: string
  node_name: string
  at: string
  stream: 'stdout' | 'stderr'
  text: string
}

/** How long nodes have to send lines that are not stored yet. */
const graceMs = 2_000

/** The newest lines of the newest attempts of a deployment's replicas, merged by time. */
export async function logTail(services: Services, deploymentId: string, count: number): Promise<TailLine[]> {
  const { store } = services
  const { replicas } = await readDeployment(store, deploymentId)
  // The replicas are sorted by slot, newest attempt first.
  const read = replicas
    .filter((replica, i) => replica.reserved || replicas[i - 1]?.slot !== replica.slot)
    .slice(0, logLimits.replicas)
  await askNodes(services, read)
  const names = new Map(read.map((replica) => [replica.id, replica.node.nodeId]))
  const cursors = new Map(read.map((replica) => [replica.id, 0]))
  const lines: TailLine[] = []
  for await (const { replicaId, lines: more } of unreadLogs(store, cursors)) {
    const source = { replica_id: replicaId, node_name: names.get(replicaId) ?? '' }
    lines.push(...more.map((line) => ({ ...source, ...line })))
  }
  return lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-count)
}

/** Asks the nodes for new lines. Resolves when every online node has answered, or the time is up. */
async function askNodes({ store, changes }: Services, replicas: readonly ReplicaView[]): Promise<void> {
  const offline = new Set(
    replicas.filter(({ status, node }) => isLive(status) && node.status !== 'offline').map((replica) => replica.id),
  )
  if (offline.size === 0) return
  const late = AbortSignal.timeout(graceMs)
  const collector = new ChangeCollector(changes, ({ topic }) => topic === 'log', [late])
  try {
    await wantLogs(store, [...offline])
    while (offline.size > 0 && !late.aborted)
      for (const { ids } of await collector.next()) for (const id of ids) offline.delete(id)
  } finally {
    collector.close()
  }
}

import type { Resources } from '@/server/domain/resources'
import type { NodeView } from '@/server/domain/views'

export const nodeStates = ['ready', 'full', 'cordoned', 'draining', 'offline', 'maintenance'] as const
export type NodeState = (typeof nodeStates)[number]

/** The one state by which a node is filtered: what keeps it from taking replicas, the gravest first. */
export function stateOf(node: Pick<NodeView, 'status' | 'stale' | 'cordoned' | 'draining'>): NodeState {
  if (node.status === 'offline' || node.stale) return 'offline'
  if (node.status === 'maintenance') return 'maintenance'
  if (node.draining) return 'draining'
  if (node.cordoned) return 'cordoned'
  return node.status === 'busy' ? 'full' : 'ready'
}

export const nodeSortKeys = ['name', 'region', 'status', 'cpu', 'memory', 'replicas', 'heartbeat'] as const
export type NodeSortKey = (typeof nodeSortKeys)[number]

const share = (node: NodeView, field: keyof Resources): number =>
  node.capacity[field] > 0 ? node.reserved[field] / node.capacity[field] : 0

/** node-2 before node-10. */
const byName = new Intl.Collator('en', { numeric: true })

const compare: Record<NodeSortKey, (a: NodeView, b: NodeView) => number> = {
  name: (a, b) => byName.compare(a.nodeId, b.nodeId),
  region: (a, b) => byName.compare(a.region, b.region),
  status: (a, b) => nodeStates.indexOf(stateOf(a)) - nodeStates.indexOf(stateOf(b)),
  cpu: (a, b) => share(a, 'cpuMillis') - share(b, 'cpuMillis'),
  memory: (a, b) => share(a, 'memoryMb') - share(b, 'memoryMb'),
  replicas: (a, b) => a.liveReplicas - b.liveReplicas,
  // The oldest heartbeat is the smallest time; a node that never sent one comes before all.
  heartbeat: (a, b) => (a.lastHeartbeat ?? '').localeCompare(b.lastHeartbeat ?? ''),
}

/** Equals are ordered by name, so that rows do not change places when nothing they are sorted by did. */
export function sortNodes(nodes: readonly NodeView[], by: NodeSortKey, order: 'asc' | 'desc'): NodeView[] {
  const sign = order === 'asc' ? 1 : -1
  return [...nodes].sort((a, b) => sign * compare[by](a, b) || byName.compare(a.nodeId, b.nodeId))
}

/** Name, region, type or a label: "gpu", "zone=b". */
export function nodeMatches(node: NodeView, text: string): boolean {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return true
  const labels = Object.entries(node.labels).map(([key, value]) => `${key}=${value}`)
  return [node.nodeId, node.region, node.nodeType, ...labels].some((word) => word.toLowerCase().includes(wanted))
}

import type { NodeStatus } from '@/core/placement/node-status'

/** What keeps a node from taking replicas, the gravest last but silence, which hides everything else. */
export const nodeStates = ['ready', 'full', 'cordoned', 'draining', 'offline', 'maintenance'] as const
export type NodeState = (typeof nodeStates)[number]

/** The one state by which a node is filtered; server/store/nodes/node-list.ts says the same in SQL. */
export function stateOf(node: { status: NodeStatus; stale: boolean; cordoned: boolean; draining: boolean }): NodeState {
  if (node.status === 'offline' || node.stale) return 'offline'
  if (node.status === 'maintenance') return 'maintenance'
  if (node.draining) return 'draining'
  if (node.cordoned) return 'cordoned'
  return node.status === 'busy' ? 'full' : 'ready'
}

export const nodeSortKeys = ['name', 'region', 'status', 'cpu', 'memory', 'replicas', 'heartbeat'] as const
export type NodeSortKey = (typeof nodeSortKeys)[number]

export const machineKinds = ['real', 'simulated'] as const
export type MachineKind = (typeof machineKinds)[number]

/** Which nodes are meant; what is left out is not asked for. */
export interface NodeFilter {
  /** Anywhere in the name, region, type or a label (“disk=ssd”). */
  search?: string | undefined
  region?: string | undefined
  type?: string | undefined
  /** “disk=ssd”, or “disk” for any value. */
  label?: string | undefined
  kind?: MachineKind | undefined
  state?: NodeState | undefined
}

/** What the fleet can be filtered by. */
export interface NodeFacets {
  total: number
  regions: string[]
  types: string[]
  /** “disk=ssd”; the commonest ones of a fleet that has very many. */
  labels: string[]
  kinds: MachineKind[]
}

/** A node for a list of hits. */
export interface NodeHit {
  id: string
  nodeId: string
  region: string
  status: NodeStatus
  cordoned: boolean
  draining: boolean
  stale: boolean
}

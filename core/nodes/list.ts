import type { NodeStatus } from '@/core/placement/node-status'

/** The states by which nodes are shown and filtered. `stateOf` says which one a node has if several apply. */
export const nodeStates = ['ready', 'full', 'cordoned', 'draining', 'offline', 'maintenance'] as const
export type NodeState = (typeof nodeStates)[number]

/** Returns the one state by which a node is filtered; server/store/nodes/node-list.ts does the same in SQL. */
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

/** Selects nodes; an absent field matches all. */
export interface NodeFilter {
  /** Matches any part of the name, region, type or a label (“disk=ssd”). */
  search?: string | undefined
  region?: string | undefined
  type?: string | undefined
  /** “disk=ssd”, or “disk” for any value. */
  label?: string | undefined
  kind?: MachineKind | undefined
  state?: NodeState | undefined
}

/** The values by which the fleet can be filtered. */
export interface NodeFacets {
  total: number
  regions: string[]
  types: string[]
  /** “disk=ssd”; only the most frequent ones if the fleet has very many. */
  labels: string[]
  kinds: MachineKind[]
}

/** A node in a list of search results. */
export interface NodeHit {
  id: string
  nodeId: string
  region: string
  status: NodeStatus
  cordoned: boolean
  draining: boolean
  stale: boolean
}

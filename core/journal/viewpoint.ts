/** Builds the fleet as one decision saw it from a state of the journal. */
import { type PortHolder, portSeenFrom, type TakenPort } from '@/core/placement/host-ports'
import { addResources, noResources, type Resources, subtractResources } from '@/core/placement/resources'
import type { Fleet, FleetNode, Handover, PlacementRequest } from '@/core/placement/types'
import type { JournalState } from './delta'
import type { JournalNode } from './node-record'

/** Replicas placed earlier in the same batch; they count as reserved and as load. */
export interface EarlierPlacement extends Taken {
  nodeIds: string[]
}

/** What each replica of a placement takes of its node. */
export interface Taken {
  /** What it adds to what is reserved. */
  resources: Resources
  hostPorts: readonly number[]
  holder: PortHolder
}

/** Returns what each replica adds to its node. Handed-over resources are reserved already. */
export const takenBy = (request: PlacementRequest, name: string): Taken => ({
  resources: request.handover ? subtractResources(request.resources, request.handover.resources) : request.resources,
  hostPorts: request.hostPorts ?? [],
  holder: { deploymentId: request.deploymentId, name },
})

/** What makes a state of the journal the fleet that one decision saw. */
interface Viewpoint {
  /** Milliseconds since 1970 */
  atMs: number
  earlier: EarlierPlacement[]
  /** Replicas of the deployment that held reservations, by node (UUID). */
  own: ReadonlyMap<string, number>
  /** What counts as free because its replica stops first; null when nothing does. */
  handover: Handover | null
}

const portsOf = ({ hostPorts, holder }: EarlierPlacement): TakenPort[] =>
  hostPorts.map((port) => ({ port, holder, seenAgeMs: null }))

/** The host ports as a decision sees them; undefined when all are free. */
function portsSeen(node: JournalNode, more: TakenPort[] | undefined, atMs: number): TakenPort[] | undefined {
  if (node.takenPorts === undefined) return more
  const known = node.takenPorts.map((port) => portSeenFrom(port, atMs))
  const added = more?.filter(({ port }) => known.every((one) => one.port !== port)) ?? []
  return [...known, ...added]
}

/** The node once the replica that stops first is gone. */
export function afterHandover(node: FleetNode, { resources, hostPorts }: Handover): FleetNode {
  const { takenPorts = [], ...rest } = node
  const left = takenPorts.filter(({ port }) => !hostPorts.includes(port))
  const reserved = subtractResources(node.reserved, resources)
  // A `busy` node was full; after the handover it is not.
  const after: FleetNode = { ...rest, reserved, status: node.status === 'busy' ? 'active' : node.status }
  if (left.length > 0) after.takenPorts = left
  return after
}

/**
 * Returns the fleet as one decision saw it, with nodes in the journal's order. Nodes are copied field by field because
 * previews copy the whole fleet at every keystroke, and object spread takes many times as long.
 */
export function fleetSeenFrom(state: JournalState, { atMs, earlier, own, handover }: Viewpoint): Fleet {
  const placed = new Map<string, Resources>()
  const ports = new Map<string, TakenPort[]>()
  for (const placement of earlier)
    for (const id of placement.nodeIds) {
      placed.set(id, addResources(placed.get(id) ?? noResources, placement.resources))
      if (placement.hostPorts.length > 0) ports.set(id, [...(ports.get(id) ?? []), ...portsOf(placement)])
    }
  const nodes: FleetNode[] = []
  for (const node of state.nodes) {
    if (!node) continue
    const more = placed.get(node.id)
    const seen: FleetNode = {
      id: node.id,
      nodeId: node.nodeId,
      nodeType: node.nodeType,
      region: node.region,
      status: node.status,
      cordoned: node.cordoned,
      draining: node.draining,
      simulated: node.simulated,
      labels: node.labels,
      latitude: node.latitude,
      longitude: node.longitude,
      engineError: node.engineError,
      capacity: node.capacity,
      reserved: more ? addResources(node.reserved, more) : node.reserved,
      cpuUsagePercent: node.cpuUsagePercent,
      memoryUsagePercent: node.memoryUsagePercent,
      heartbeatAgeMs: node.lastHeartbeatMs === null ? null : Math.max(0, atMs - node.lastHeartbeatMs),
      unseen: more
        ? {
            cpuMillis: node.unseen.cpuMillis + more.cpuMillis,
            memoryMb: node.unseen.memoryMb + more.memoryMb,
          }
        : node.unseen,
      ownReplicas: own.get(node.id) ?? 0,
    }
    const takenPorts = portsSeen(node, ports.get(node.id), atMs)
    if (takenPorts !== undefined) seen.takenPorts = takenPorts
    nodes.push(handover?.nodeId === node.id ? afterHandover(seen, handover) : seen)
  }
  return { nodes, latencies: state.latencies }
}

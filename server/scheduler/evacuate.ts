/** Where everything would go if some nodes were emptied: the same core, one replica after the other, each seeing those before it. */
import type { ChosenNode, Fleet, FleetNode, PlacementRequest, Policy, Refusal } from '@/server/domain/placement'
import { choose } from './choose'
import { withReplica } from './filters'
import { place } from './place'

/** A replica that has to go. */
export interface Resident {
  replicaId: string
  /** For one replica. */
  request: PlacementRequest
  policy: Policy
}

export interface Destination {
  replicaId: string
  /** Null when there is no room for it. */
  to: ChosenNode | null
  refusal: Refusal | null
}

export interface Evacuation {
  /** As it is now; `ownReplicas` of its nodes are not looked at. */
  fleet: Fleet
  /** UUIDs of the nodes to empty. */
  leaving: ReadonlySet<string>
  /** In the order in which they would be scheduled. */
  residents: readonly Resident[]
  /** By deployment: how many replicas it has on which node (UUID). */
  own: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export function evacuate({ fleet, leaving, residents, own }: Evacuation): Destination[] {
  let nodes = fleet.nodes.map((node): FleetNode => (leaving.has(node.id) ? { ...node, draining: true } : node))
  const counts = new Map([...own].map(([id, byNode]) => [id, new Map(byNode)]))
  return residents.map(({ replicaId, request, policy }): Destination => {
    const mine = counts.get(request.deploymentId) ?? new Map<string, number>()
    const seen: Fleet = {
      latencies: fleet.latencies,
      nodes: nodes.map((node) => ({ ...node, ownReplicas: mine.get(node.id) ?? 0 })),
    }
    const [to] = choose(request, seen, policy).chosen
    if (!to) return { replicaId, to: null, refusal: place(request, seen, policy).refusal }
    mine.set(to.id, (mine.get(to.id) ?? 0) + 1)
    counts.set(request.deploymentId, mine)
    nodes = nodes.map((node) => (node.id === to.id ? withReplica(request, node) : node))
    return { replicaId, to, refusal: null }
  })
}

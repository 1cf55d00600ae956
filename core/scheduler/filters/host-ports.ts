/** The rule about fixed host ports: each can be held once per node. */
import type { TakenPort } from '@/core/placement/host-ports'
import type { FleetNode, PlacementRequest } from '@/core/placement/types'
import { type Rule, yesNo } from './rule'

const takenOn = (node: FleetNode, port: number): TakenPort | undefined =>
  node.takenPorts?.find((taken) => taken.port === port)

/** "2 min ago", "40 s ago" */
function agoText(ageMs: number): string {
  const seconds = Math.round(ageMs / 1000)
  return seconds < 60 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`
}

function holderText({ deploymentId }: PlacementRequest, { holder }: TakenPort): string {
  if (holder === null) return 'another program'
  return holder.deploymentId === deploymentId ? 'another replica of this deployment' : holder.name
}

function takenText(request: PlacementRequest, taken: TakenPort, node: FleetNode): string {
  const seen = taken.holder === null && taken.seenAgeMs !== null ? ` (seen ${agoText(taken.seenAgeMs)})` : ''
  return `host port ${taken.port} is taken by ${holderText(request, taken)} on ${node.nodeId}${seen}`
}

const portsOf = (request: PlacementRequest): readonly number[] => request.hostPorts ?? []

export const hostPorts: Rule = {
  name: 'host-ports',
  asks: (request) => portsOf(request).length > 0,
  meets: (request, node) =>
    node.takenPorts === undefined || portsOf(request).every((port) => takenOn(node, port) === undefined),
  explain: (request, node) =>
    portsOf(request).map((port) => {
      const taken = takenOn(node, port)
      return yesNo(
        'host-ports',
        taken === undefined,
        taken === undefined ? `host port ${port} is free` : takenText(request, taken, node),
      )
    }),
}

/** Returns the node with the host ports of one more replica of the request taken. */
export function withPortsOf(request: PlacementRequest, node: FleetNode): FleetNode {
  const ports = portsOf(request).filter((port) => takenOn(node, port) === undefined)
  if (ports.length === 0) return node
  const holder = { deploymentId: request.deploymentId, name: '' }
  const more = ports.map((port): TakenPort => ({ port, holder, seenAgeMs: null }))
  return { ...node, takenPorts: [...(node.takenPorts ?? []), ...more] }
}

/**
 * Three ways to decide, each with a fleet of its own and the same stream of deployments. Every decision reserves what
 * it chose, and deployments older than the last `held` ones are removed. So the fleets change all the time.
 */

import type { FleetIndex } from '@/core/fleet-index'
import { type ChosenNode, defaultPolicy, type FleetNode, type PlacementRequest } from '@/core/placement/types'
import { localityFor } from '@/core/scheduler/scoring/locality'
import { classicRanking, classicReserve, type Localities } from '@/testing/fleets/classic-placement'
import { shapeRegions, streamedRequest } from '@/testing/fleets/fleet-shapes'
import { PlainColumns } from './plain'

/** The number of deployments that exist at any time. */
export const held = 64
/** The stream repeats after this many deployments. */
const streamLength = 2048

export const stream: readonly PlacementRequest[] = Array.from({ length: streamLength }, (_, at) => streamedRequest(at))

const copyOf = (node: FleetNode): FleetNode => ({
  ...node,
  reserved: { ...node.reserved },
  unseen: { ...node.unseen },
})

/** The locality of each region, by requested region. */
export function localitiesOf(nodes: FleetNode[]): Map<string | null, Localities> {
  return new Map(
    [null, ...shapeRegions].map((wanted) => {
      const locality = localityFor(wanted, { nodes, latencies: [] })
      const first = new Map(nodes.map((node) => [node.region, node]))
      return [wanted, new Map([...first].map(([region, node]) => [region, locality(node).value]))]
    }),
  )
}

interface Steps<Chosen> {
  decide: (request: PlacementRequest) => Chosen
  reserve: (chosen: Chosen, request: PlacementRequest) => void
  release: (chosen: Chosen, request: PlacementRequest) => void
}

/** Runs the next `count` deployments of the stream, and returns the nodes chosen for the last one. */
type Runner = (count: number) => ChosenNode[]

function runnerOf<Chosen>(steps: Steps<Chosen>, named: (chosen: Chosen) => ChosenNode[]): Runner {
  const live: { chosen: Chosen; request: PlacementRequest }[] = Array(held)
  let position = 0
  return (count) => {
    let last: Chosen | null = null
    for (const end = position + count; position < end; position++) {
      const request = stream[position % streamLength]
      if (!request) throw new RangeError('the stream has no such deployment')
      const chosen = steps.decide(request)
      steps.reserve(chosen, request)
      const gone = live[position % held]
      if (gone) steps.release(gone.chosen, gone.request)
      live[position % held] = { chosen, request }
      last = chosen
    }
    return last === null ? [] : named(last)
  }
}

export function classicRunner(fleet: readonly FleetNode[]): Runner {
  const nodes = fleet.map(copyOf)
  const byRegion = localitiesOf(nodes)
  return runnerOf(
    {
      decide: (request) => {
        const localities = byRegion.get(request.region)
        if (!localities) throw new RangeError(`no localities for ${request.region}`)
        const best = classicRanking(nodes, request, { policy: defaultPolicy, localities }).slice(0, request.replicas)
        return best.length < request.replicas ? [] : best
      },
      reserve: (chosen, { resources }) => {
        for (const { node } of chosen) classicReserve(node, resources, 1)
      },
      release: (chosen, { resources }) => {
        for (const { node } of chosen) classicReserve(node, resources, -1)
      },
    },
    (chosen) => chosen.map(({ node, score }) => ({ id: node.id, nodeId: node.nodeId, score })),
  )
}

export function indexRunner(index: FleetIndex): Runner {
  return runnerOf(
    {
      decide: (request) => index.decide(request, defaultPolicy).chosen,
      reserve: (chosen, { resources }) => {
        for (const { id } of chosen) index.reserve(id, resources)
      },
      release: (chosen, { resources }) => {
        for (const { id } of chosen) index.release(id, resources, { unseen: true })
      },
    },
    (chosen) => chosen,
  )
}

export function plainRunner(fleet: readonly FleetNode[]): Runner {
  const columns = new PlainColumns(fleet, localitiesOf([...fleet]))
  return runnerOf(
    {
      decide: (request) => columns.decide(request),
      reserve: (chosen, { resources }) => {
        for (const { slot } of chosen) columns.reserve(slot, resources, 1)
      },
      release: (chosen, { resources }) => {
        for (const { slot } of chosen) columns.reserve(slot, resources, -1)
      },
    },
    (chosen) => chosen.map(({ slot, score }) => ({ ...columns.named(slot), score })),
  )
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TakenPort } from '@/core/placement/host-ports'
import type { Fleet, FleetNode, PlacementRequest, Policy } from '@/core/placement/types'
import { meetsAll, withReplica } from '@/core/scheduler/filters/filters'
import { choose } from '@/core/scheduler/select/choose'
import { idOf } from '@/testing/builders'
import { fleetArbitrary, policyArbitrary, requestArbitrary } from '@/testing/fleets/arbitrary-fleets'
import { referencePlacement } from '@/testing/fleets/reference-placement'
import { withPromise } from './columns'
import { FleetIndex, type OwnReplicas } from './fleet-index'

/** Any policy, of either kind, and now and then one with weights that no bound holds for. */
const anyPolicy: fc.Arbitrary<Policy> = fc.oneof(
  { weight: 6, arbitrary: policyArbitrary },
  { weight: 3, arbitrary: policyArbitrary.map((policy) => ({ ...policy, packing: true })) },
  { weight: 1, arbitrary: fc.constant({ name: 'odd', weights: { resources: -0.4, load: 0.7, locality: 0.7 } }) },
)

const ownOf = (fleet: Fleet): OwnReplicas =>
  new Map(fleet.nodes.filter((node) => node.ownReplicas > 0).map((node) => [node.id, node.ownReplicas]))

/** What a run chooses, as the index answers it. */
function chosenBy(request: PlacementRequest, fleet: Fleet, policy: Policy) {
  const { chosen, found } = choose(request, fleet, policy)
  return { chosen, found: Math.min(found, request.replicas) }
}

function cases<Name extends string>(...names: Name[]) {
  const counts = new Map<Name, number>(names.map((name) => [name, 0]))
  return {
    saw: (name: Name, when: boolean) => {
      if (when) counts.set(name, (counts.get(name) ?? 0) + 1)
    },
    /** A property that never saw the cases it is about has proven nothing. */
    allSeen: () => {
      for (const [name, count] of counts) expect(count, name).toBeGreaterThan(0)
    },
  }
}

/** Whether a host port is all that is in the way. */
const isHeld = ({ hostPorts, ...request }: PlacementRequest, node: FleetNode): boolean =>
  hostPorts !== undefined && meetsAll(request, node) && !meetsAll({ ...request, hostPorts }, node)

/** Something that happens to one node of the fleet. */
type Change = (node: FleetNode, request: PlacementRequest) => FleetNode
const changes: Record<string, Change> = {
  'a replica is placed': (node, request) => ({ ...withReplica(request, node), ownReplicas: node.ownReplicas }),
  'its host ports change': ({ takenPorts: _, ...node }, { hostPorts = [] }) =>
    hostPorts.length === 0
      ? node
      : { ...node, takenPorts: hostPorts.map((port) => ({ port, holder: null, seenAgeMs: null })) },
  'a replica that was seen goes': (node, { resources }) => withPromise(node, { resources, sign: -1, unseen: false }),
  'it beats': (node) => ({
    ...node,
    cpuUsagePercent: 37.5,
    memoryUsagePercent: 12,
    unseen: { cpuMillis: 0, memoryMb: 0 },
  }),
  'it falls silent': (node) => ({ ...node, cpuUsagePercent: null, memoryUsagePercent: null }),
  'it is cordoned, or no more': (node) => ({ ...node, cordoned: !node.cordoned }),
  'its engine breaks': (node) => ({ ...node, engineError: 'connection refused' }),
  'it grows': (node) => ({ ...node, capacity: { ...node.capacity, cpuMillis: 2 * node.capacity.cpuMillis } }),
  'its labels change': (node) => ({ ...node, labels: { disk: 'b' } }),
  'it moves': (node) => ({ ...node, region: 'ap-south', latitude: 19, longitude: 73 }),
}

const portsOf = ({ hostPorts = [], deploymentId }: PlacementRequest): TakenPort[] =>
  hostPorts.map((port) => ({ port, holder: { deploymentId, name: '' }, seenAgeMs: null }))

/** Tells the index of a change as whoever keeps it would: by what happened where it knows that, else by the new node. */
function submit(
  index: FleetIndex,
  name: string,
  { node, request }: { node: FleetNode; request: PlacementRequest },
): void {
  if (name === 'a replica is placed') index.reserve(node.id, request.resources, portsOf(request))
  else if (name === 'a replica that was seen goes') index.release(node.id, request.resources, { unseen: false })
  else if (name === 'it beats' || name === 'it falls silent') index.heartbeat(node.id, node)
  else index.put(node)
}

const change = fc.record({ name: fc.constantFrom(...Object.keys(changes)), at: fc.nat(), request: requestArbitrary })

describe('the fleet index, on any fleet and request,', () => {
  it('chooses what the core chooses, with the same scores to the last bit, also after anything happened', () => {
    const { saw, allSeen } = cases(
      'placed',
      'refused',
      'tied',
      'several on one node',
      'avoided used',
      'own replicas',
      'labels asked for',
      'placed by preferences',
      'packing',
      'scanned',
      'nodes came late',
      'coordinates counted',
      'a host port taken',
    )
    const scene = fc.record({
      fleet: fleetArbitrary({ located: true, maxNodes: 40 }),
      newcomers: fleetArbitrary({ located: true, maxNodes: 3 }),
      requests: fc.array(fc.tuple(requestArbitrary, anyPolicy), { minLength: 1, maxLength: 4 }),
      happenings: fc.array(change, { maxLength: 12 }),
    })
    fc.assert(
      fc.property(scene, ({ fleet, newcomers, requests, happenings }) => {
        const index = new FleetIndex(fleet)
        let nodes = fleet.nodes
        const compare = () => {
          for (const [request, policy] of requests) {
            const now = { nodes, latencies: fleet.latencies }
            const own = ownOf(now)
            const expected = chosenBy(request, now, policy)
            expect(index.decide(request, policy, own)).toStrictEqual(expected)
            expect(index.countAble(request, own)).toBe(nodes.filter((node) => meetsAll(request, node)).length)
            saw('placed by preferences', request.placementRules !== undefined && expected.chosen.length > 0)
            const scores = expected.chosen.map(({ score }) => score)
            const ids = new Set(expected.chosen.map(({ id }) => id))
            saw('placed', expected.chosen.length > 0)
            saw('refused', expected.chosen.length === 0)
            saw('tied', new Set(scores).size < scores.length)
            saw('several on one node', ids.size < expected.chosen.length)
            saw(
              'avoided used',
              request.avoidNodeIds.some((id) => ids.has(id)),
            )
            saw('own replicas', own.size > 0 && expected.chosen.length > 0)
            saw('labels asked for', request.constraints.length > 0 && expected.chosen.length > 0)
            saw('packing', policy.packing === true)
            saw('a host port taken', expected.chosen.length > 0 && nodes.some((node) => isHeld(request, node)))
            saw('scanned', index.lastTrace.way === 'scan')
          }
        }
        compare()
        for (const { name, at, request } of happenings) {
          const node = nodes[at % nodes.length]
          const happens = changes[name]
          if (!node || !happens) continue
          const changed = happens(node, request)
          nodes = nodes.map((one) => (one === node ? changed : one))
          submit(index, name, { node: changed, request })
          expect(index.node(node.id)).toStrictEqual(changed)
        }
        for (const [number, newcomer] of newcomers.nodes.entries()) {
          const node = { ...newcomer, id: idOf(`late-${number}`), nodeId: `node-1${number}-late` }
          nodes = [...nodes, node]
          index.put(node)
        }
        const gone = nodes[3]
        if (gone) {
          index.remove(gone.id)
          nodes = nodes.filter((node) => node !== gone)
        }
        compare()
        expect(index.size).toBe(nodes.length)
        saw('nodes came late', newcomers.nodes.length > 0 && happenings.length > 0)
        saw(
          'coordinates counted',
          nodes.some((node) => node.latitude !== null) && requests.some(([{ region }]) => region === 'shop-1'),
        )
      }),
      { numRuns: 300 },
    )
    allSeen()
  })

  it('chooses what the plain reference chooses', () => {
    const { saw, allSeen } = cases('placed', 'refused', 'tied', 'several on one node')
    fc.assert(
      fc.property(
        requestArbitrary,
        fleetArbitrary({ located: false, maxNodes: 30 }),
        policyArbitrary,
        (request, fleet, policy) => {
          const { chosen, found } = new FleetIndex(fleet).decide(request, policy, ownOf(fleet))
          const reference = referencePlacement(request, fleet, policy)
          expect(chosen).toStrictEqual(reference.chosen)
          expect(found).toBe(Math.min(reference.found, request.replicas))
          saw('placed', chosen.length > 0)
          saw('refused', chosen.length === 0)
          saw('tied', new Set(chosen.map(({ score }) => score)).size < chosen.length)
          saw('several on one node', new Set(chosen.map(({ id }) => id)).size < chosen.length)
        },
      ),
      { numRuns: 300 },
    )
    allSeen()
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { resourceFields, resourceKinds } from '@/core/placement/resources'
import type { Fleet, PlacementRequest, RuleName, Verdict } from '@/core/placement/types'
import { fleetArbitrary, policyArbitrary, requestArbitrary } from '@/testing/fleets/arbitrary-fleets'
import { referencePlacement } from '@/testing/fleets/reference-placement'
import { failuresOf, meetsAll } from './filters/filters'
import { place } from './place'
import { replay, sameChoice } from './replay'
import { localityFor } from './scoring/locality'
import { scoreOf } from './scoring/score'
import { choose } from './select/choose'

const numRuns = 1000
const anyFleet = fleetArbitrary({ located: true, maxNodes: 9 })
const plainFleet = fleetArbitrary({ located: false, maxNodes: 9 })

/** Counts how often the interesting cases occurred; a property that never met any of them proves nothing. */
function cases<Name extends string>(
  ...names: Name[]
): { saw: (name: Name, when?: boolean) => void; allSeen: () => void } {
  const counts = new Map<Name, number>(names.map((name) => [name, 0]))
  return {
    saw: (name, when = true) => {
      if (when) counts.set(name, (counts.get(name) ?? 0) + 1)
    },
    allSeen: () => {
      for (const [name, count] of counts) expect(count, `${name}: ${count} of ${numRuns} runs`).toBeGreaterThan(0)
    },
  }
}

const replicasOn = (chosen: readonly { id: string }[], id: string): number =>
  chosen.filter((one) => one.id === id).length

/** Adds the placed replicas to their nodes, by plain addition. */
function overCapacity(request: PlacementRequest, fleet: Fleet, chosen: readonly { id: string }[]): string[] {
  return fleet.nodes.flatMap((node) => {
    const count = replicasOn(chosen, node.id)
    if (count === 0) return []
    const wrong = resourceKinds
      .map((kind) => resourceFields[kind])
      .filter((field) => node.reserved[field] + count * request.resources[field] > node.capacity[field])
    const held = (node.takenPorts ?? []).map(({ port }) => port)
    const twice = (request.hostPorts ?? []).filter((port) => count > 1 || held.includes(port))
    const crowded = node.ownReplicas + count > request.maxPerNode ? ['too many on one node'] : []
    return [...wrong, ...crowded, ...twice.map((port) => `host port ${port} twice`)].map(
      (what) => `${node.nodeId}: ${what}`,
    )
  })
}

describe('place, on any fleet and request,', () => {
  it('knows the number of feasible nodes and the first of them without ranking all', () => {
    const { saw, allSeen } = cases('some left out', 'spread')
    fc.assert(
      fc.property(requestArbitrary, anyFleet, policyArbitrary, fc.nat({ max: 9 }), (request, fleet, policy, count) => {
        const choice = choose(request, fleet, policy)
        // Read before `candidates` sorts all of them.
        const [first, feasible] = [choice.first(count), choice.feasible]
        const ranked = choice.candidates
        expect(first.map(({ node }) => node.id)).toEqual(ranked.slice(0, count).map(({ node }) => node.id))
        expect(feasible).toBe(ranked.length)
        saw('some left out', first.length < ranked.length)
        saw('spread', choice.context.spreading !== null && ranked.length > 1)
      }),
      { numRuns },
    )
    allSeen()
  })

  it('never goes over the capacity of a node or the limit per node, never gives a host port twice, and places all replicas or none', () => {
    const { saw, allSeen } = cases(
      'placed',
      'refused',
      'several on one node',
      'filled to the brim',
      'several with a host port',
    )
    fc.assert(
      fc.property(requestArbitrary, anyFleet, policyArbitrary, (request, fleet, policy) => {
        const { chosen, refusal } = place(request, fleet, policy)
        expect(overCapacity(request, fleet, chosen)).toEqual([])
        expect(chosen).toHaveLength(refusal ? 0 : request.replicas)
        expect(refusal === null || refusal.found < request.replicas).toBe(true)
        // Proves that the check above can fail: it notices one more replica on a full node.
        const full = fleet.nodes.find((node) => {
          const count = replicasOn(chosen, node.id)
          return count > 0 && overCapacity(request, fleet, Array(count + 1).fill({ id: node.id })).length > 0
        })
        saw('placed', !refusal)
        saw('refused', refusal !== null)
        saw('several on one node', new Set(chosen.map((one) => one.id)).size < chosen.length)
        saw('filled to the brim', full !== undefined)
        const wanted = (request.hostPorts?.length ?? 0) > 0 && request.maxPerNode > 1
        saw('several with a host port', wanted && chosen.length > 1)
      }),
      { numRuns },
    )
    allSeen()
  })

  it('returns the same result to the last bit, on every call and for every order of the fleet', () => {
    const { saw, allSeen } = cases('placed', 'refused', 'tied', 'order changed')
    const shuffled = anyFleet.chain((fleet) =>
      fc.record({
        fleet: fc.constant(fleet),
        nodes: fc.shuffledSubarray(fleet.nodes, { minLength: fleet.nodes.length }),
        latencies: fc.shuffledSubarray(fleet.latencies, { minLength: fleet.latencies.length }),
      }),
    )
    fc.assert(
      fc.property(requestArbitrary, shuffled, policyArbitrary, (request, { fleet, nodes, latencies }, policy) => {
        const first = place(request, fleet, policy)
        expect(place(request, fleet, policy)).toStrictEqual(first)
        expect(place(request, { nodes, latencies }, policy)).toStrictEqual(first)
        const scores = first.verdicts.flatMap(({ score }) => (score === null ? [] : [score]))
        saw('placed', !first.refusal)
        saw('refused', first.refusal !== null)
        saw('tied', new Set(scores).size < scores.length)
        saw(
          'order changed',
          nodes.some((node, index) => node !== fleet.nodes[index]),
        )
      }),
      { numRuns },
    )
    allSeen()
  })

  it('agrees with the plain reference on nodes, scores and the number of replicas that fit', () => {
    const { saw, allSeen } = cases(
      'placed',
      'refused',
      'tied',
      'several on one node',
      'avoided spared',
      'avoided used',
      'placed by preferences',
      'spread over several places',
      'ruled out by skew',
      'ruled out by affinity',
      'ruled out by anti-affinity',
      'ruled out by host ports alone',
    )
    const failsBy = (verdicts: Verdict[], rule: RuleName): boolean =>
      verdicts.some((verdict) => verdict.failures.some((failure) => failure.rule === rule))
    fc.assert(
      fc.property(requestArbitrary, plainFleet, policyArbitrary, (request, fleet, policy) => {
        const { chosen, refusal, verdicts } = place(request, fleet, policy)
        const reference = referencePlacement(request, fleet, policy)
        expect(chosen).toStrictEqual(reference.chosen)
        if (refusal) expect(refusal.found).toBe(reference.found)
        else expect(reference.found).toBeGreaterThanOrEqual(request.replicas)
        const scores = verdicts.flatMap(({ score }) => (score === null ? [] : [score]))
        saw('placed', !refusal)
        saw('refused', refusal !== null)
        saw('tied', new Set(scores).size < scores.length)
        saw('several on one node', new Set(chosen.map((one) => one.id)).size < chosen.length)
        saw('avoided spared', failsBy(verdicts, 'avoided'))
        saw('ruled out by skew', failsBy(verdicts, 'spread'))
        saw('ruled out by affinity', failsBy(verdicts, 'affinity'))
        saw('ruled out by anti-affinity', failsBy(verdicts, 'anti-affinity'))
        saw(
          'ruled out by host ports alone',
          verdicts.some(({ failures }) => failures.length > 0 && failures.every(({ rule }) => rule === 'host-ports')),
        )
        saw('placed by preferences', !refusal && request.placementRules !== undefined)
        const regions = new Set(verdicts.flatMap((verdict) => (verdict.chosen > 0 ? verdict.region : [])))
        saw('spread over several places', regions.size > 1 && (request.placementRules?.spread.length ?? 0) > 0)
        saw(
          'avoided used',
          chosen.some((one) => request.avoidNodeIds.includes(one.id)),
        )
      }),
      { numRuns },
    )
    allSeen()
  })

  it('has a score that is the sum of its parts, and a failure for every refused node', () => {
    const { saw, allSeen } = cases(
      'feasible',
      'refused',
      'several failures',
      'unknown usage',
      'estimated latency',
      'parts of preferences',
    )
    fc.assert(
      fc.property(requestArbitrary, anyFleet, policyArbitrary, (request, fleet, policy) => {
        const { verdicts, chosen } = place(request, fleet, policy)
        const context = { request, policy, locality: localityFor(request.region, fleet), spreading: null }
        const spreads = (request.placementRules?.spread.length ?? 0) > 0
        expect(verdicts).toHaveLength(fleet.nodes.length)
        for (const verdict of verdicts) {
          const node = fleet.nodes.find((one) => one.id === verdict.id)
          if (!node) throw new Error('a verdict for a node that is not in the fleet')
          expect(failuresOf(request, node).length === 0).toBe(meetsAll(request, node))
          expect(verdict.failures.length === 0).toBe(verdict.feasible)
          expect(verdict.chosen).toBe(replicasOn(chosen, verdict.id))
          if (verdict.feasible) {
            expect(verdict.parts.reduce((sum, part) => sum + part.contribution, 0)).toBe(verdict.score)
            // With a spread, scores are those after earlier replicas were placed; the reference test covers them.
            if (!spreads) expect(verdict.score).toBe(scoreOf(context, node))
            for (const part of verdict.parts) {
              expect(part.weight * part.value).toBe(part.contribution)
              expect(part.value).toBeGreaterThanOrEqual(0)
              expect(part.value).toBeLessThanOrEqual(1)
            }
          } else {
            expect(verdict).toMatchObject({ score: null, rank: null, parts: [], chosen: 0 })
          }
          saw('feasible', verdict.feasible)
          saw('refused', !verdict.feasible)
          const weights = verdict.parts.reduce((sum, part) => sum + part.weight, 0)
          if (verdict.feasible) expect(weights).toBeCloseTo(1, 12)
          saw('parts of preferences', verdict.parts.length > 3)
          saw('several failures', verdict.failures.length > 1)
          saw('unknown usage', verdict.feasible && verdict.inputs.cpuUsagePercent === null)
          saw('estimated latency', verdict.feasible && verdict.inputs.locality.source === 'coordinates')
        }
        expect(verdicts.flatMap(({ rank }) => (rank === null ? [] : [rank]))).toEqual(
          verdicts.filter(({ feasible }) => feasible).map((_, index) => index + 1),
        )
      }),
      { numRuns },
    )
    allSeen()
  })

  it('ranks no other node above the last chosen one, and ignores empty preferences', () => {
    const { saw, allSeen } = cases('runner-up', 'spread', 'placed')
    fc.assert(
      fc.property(requestArbitrary, anyFleet, policyArbitrary, (request, fleet, policy) => {
        const { chosen, verdicts } = place(request, fleet, policy)
        const last = chosen.at(-1)
        for (const { score, chosen: times, id } of verdicts) {
          if (!last || score === null || times > 0 || request.avoidNodeIds.includes(id)) continue
          if (!request.avoidNodeIds.includes(last.id)) expect(score).toBeLessThanOrEqual(last.score)
          saw('runner-up')
          saw('spread', (request.placementRules?.spread.length ?? 0) > 0)
        }
        const { placementRules: _, ...plain } = request
        const empty = { ...plain, placementRules: { preferences: [], spread: [], affinity: [] } }
        expect(place(empty, fleet, policy)).toStrictEqual(place(plain, fleet, policy))
        saw('placed', last !== undefined)
      }),
      { numRuns },
    )
    allSeen()
  })

  it('is replayed to the same placement from a record that went through JSON', () => {
    const { saw, allSeen } = cases('placed', 'refused', 'with suggestions')
    fc.assert(
      fc.property(requestArbitrary, anyFleet, policyArbitrary, (request, fleet, policy) => {
        const placement = place(request, fleet, policy)
        const record: { request: typeof request; fleet: Fleet; policy: typeof policy; placement: typeof placement } =
          JSON.parse(JSON.stringify({ request, fleet, policy, placement }))
        expect(replay(record)).toStrictEqual(record.placement)
        expect(sameChoice(replay(record), placement)).toBe(true)
        saw('placed', !placement.refusal)
        saw('refused', placement.refusal !== null)
        saw('with suggestions', (placement.refusal?.suggestions.length ?? 0) > 0)
      }),
      { numRuns },
    )
    allSeen()
  })
})

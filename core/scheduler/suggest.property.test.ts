import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { affinityText, constraintText, type PlacementRules, type Spread } from '@/core/placement/preferences'
import { limits, resourceFields } from '@/core/placement/resources'
import {
  type Fleet,
  type PlacementRequest,
  type Policy,
  type Suggestion,
  suggestionKinds,
} from '@/core/placement/types'
import { fleetArbitrary, policyArbitrary, requestArbitrary } from '@/testing/fleets/arbitrary-fleets'
import { place } from './place'
import { resourceSteps } from './suggest'

const numRuns = 1500

interface Asked {
  request: PlacementRequest
  fleet: Fleet
}

const flags = { uncordon: 'cordoned', undrain: 'draining' } as const

const without = (fleet: Fleet, flag: 'cordoned' | 'draining', names: readonly string[]): Fleet => ({
  ...fleet,
  nodes: fleet.nodes.map((node) => (names.includes(node.nodeId) ? { ...node, [flag]: false } : node)),
})

/** Applies a suggestion to the request or fleet; `to` replaces the number that it names. */
function applied({ request, fleet }: Asked, { kind, message, nodeIds, from }: Suggestion, to: number | null): Asked {
  switch (kind) {
    case 'replicas':
      return { fleet, request: { ...request, replicas: to ?? 0 } }
    case 'max-per-node':
      return { fleet, request: { ...request, maxPerNode: to ?? 0 } }
    case 'uncordon':
    case 'undrain':
      return { request, fleet: without(fleet, flags[kind], nodeIds) }
    case 'host-ports':
      return { fleet, request: withPort(request, from, to) }
    case 'labels': {
      const dropped = request.constraints.findIndex((one) => message.includes(`“${constraintText(one)}”`))
      return {
        fleet,
        request: { ...request, constraints: request.constraints.filter((_, index) => index !== dropped) },
      }
    }
    case 'max-skew': {
      const changed = spreadOf(request).map((one) => (one.maxSkew === null ? one : { ...one, maxSkew: to }))
      return { fleet, request: withPlacementRules(request, { spread: changed }) }
    }
    case 'affinity': {
      const all = request.placementRules?.affinity ?? []
      const dropped = all.findIndex((one) => one.required && message.includes(`“${affinityText(one)}”`))
      return { fleet, request: withPlacementRules(request, { affinity: all.filter((_, index) => index !== dropped) }) }
    }
    default:
      return { fleet, request: { ...request, resources: { ...request.resources, [resourceFields[kind]]: to ?? 0 } } }
  }
}

/** Changes or drops one fixed host port, or all of them when the suggestion names none. */
function withPort({ hostPorts = [], ...request }: PlacementRequest, from: number | null, to: number | null) {
  const ports = hostPorts.flatMap((port) => (from === null || port === from ? (to ?? []) : port))
  return ports.length === 0 ? request : { ...request, hostPorts: ports }
}

const spreadOf = (request: PlacementRequest): Spread[] => request.placementRules?.spread ?? []
const hasLimit = (request: PlacementRequest): boolean => spreadOf(request).some((one) => one.maxSkew !== null)

const withPlacementRules = (request: PlacementRequest, changes: Partial<PlacementRules>): PlacementRequest =>
  request.placementRules ? { ...request, placementRules: { ...request.placementRules, ...changes } } : request

const fits = ({ request, fleet }: Asked, policy: Policy): boolean => place(request, fleet, policy).refusal === null

const subsets = <T>(items: readonly T[]): T[][] =>
  items.reduce<T[][]>((all, item) => all.concat(all.map((subset) => [...subset, item])), [[]])

/** The next smaller changes of the same kind, if there are any; none of them may fit. */
function smallerChanges(asked: Asked, suggestion: Suggestion): Asked[] {
  const { kind, from, to } = suggestion
  switch (kind) {
    case 'replicas':
      return [applied(asked, suggestion, (to ?? 0) + 1)]
    case 'max-per-node':
      return [applied(asked, suggestion, (to ?? 0) - 1)]
    case 'uncordon':
    case 'undrain': {
      const flagged = asked.fleet.nodes.filter((node) => node[flags[kind]]).map((node) => node.nodeId)
      return subsets(flagged)
        .filter((names) => names.length < suggestion.nodeIds.length)
        .map((names) => ({ ...asked, fleet: without(asked.fleet, flags[kind], names) }))
    }
    case 'max-skew':
      // Dropping `maxSkew` is suggested only if no number fits.
      return [applied(asked, suggestion, to === null ? limits.replicas.max : to - 1)]
    case 'host-ports':
      // The suggestion is the nearest higher port that fits.
      return to === null || from === null
        ? []
        : Array.from({ length: to - from - 1 }, (_, more) => from + 1 + more)
            .filter((port) => !asked.request.hostPorts?.includes(port))
            .map((port) => applied(asked, suggestion, port))
    case 'labels':
    case 'affinity':
      return []
    default: {
      const next = (to ?? 0) + resourceSteps[kind].step
      return next < (from ?? 0) ? [applied(asked, suggestion, next)] : [asked]
    }
  }
}

/** The largest change of each kind: if a kind is not suggested, not even its largest change may fit. */
function greatestChanges({ request, fleet }: Asked): Partial<Record<Suggestion['kind'], Asked>> {
  const names = fleet.nodes.map((node) => node.nodeId)
  const less = (kind: 'cpu' | 'memory' | 'storage' | 'gpu'): Asked => {
    const field = resourceFields[kind]
    const least = Math.min(request.resources[field], resourceSteps[kind].least)
    return { fleet, request: { ...request, resources: { ...request.resources, [field]: least } } }
  }
  return {
    replicas: { fleet, request: { ...request, replicas: 1 } },
    cpu: less('cpu'),
    memory: less('memory'),
    storage: less('storage'),
    gpu: less('gpu'),
    'max-skew': {
      fleet,
      request: withPlacementRules(request, { spread: spreadOf(request).map((one) => ({ ...one, maxSkew: null })) }),
    },
    // A node in a new domain can lower the minimum, so with a `maxSkew` only single nodes are tried.
    ...(!hasLimit(request) && {
      uncordon: { request, fleet: without(fleet, 'cordoned', names) },
      undrain: { request, fleet: without(fleet, 'draining', names) },
    }),
    'max-per-node': { fleet, request: { ...request, maxPerNode: limits.replicas.max } },
    'host-ports': { fleet, request: withPort(request, null, null) },
  }
}

describe('every suggestion, on any refused request,', () => {
  it('makes the request fit, unlike the next smaller change and every kind that is not suggested', () => {
    const seen = new Map<Suggestion['kind'], number>(suggestionKinds.map((kind) => [kind, 0]))
    fc.assert(
      fc.property(
        requestArbitrary,
        fleetArbitrary({ located: false, maxNodes: 7 }),
        policyArbitrary,
        (request, fleet, policy) => {
          const asked = { request, fleet }
          const { refusal } = place(request, fleet, policy)
          fc.pre(refusal !== null)
          const suggestions = refusal?.suggestions ?? []
          for (const suggestion of suggestions) {
            seen.set(suggestion.kind, (seen.get(suggestion.kind) ?? 0) + 1)
            expect(fits(applied(asked, suggestion, suggestion.to), policy), suggestion.message).toBe(true)
            for (const smaller of smallerChanges(asked, suggestion)) {
              expect(fits(smaller, policy), `less than “${suggestion.message}”`).toBe(false)
            }
          }
          for (const kind of ['uncordon', 'undrain'] as const) {
            if (suggestions.some((suggestion) => suggestion.kind === kind)) continue
            for (const { nodeId } of fleet.nodes)
              expect(fits({ request, fleet: without(fleet, flags[kind], [nodeId]) }, policy), kind).toBe(false)
          }
          const kinds = new Set(suggestions.map((suggestion) => suggestion.kind))
          for (const [kind, greatest] of Object.entries(greatestChanges(asked))) {
            if (!kinds.has(kind as Suggestion['kind']))
              expect(fits(greatest, policy), `no ${kind} suggested`).toBe(false)
          }
        },
      ),
      { numRuns, maxSkipsPerRun: 1000 },
    )
    for (const [kind, count] of seen) expect(count, `${kind}: suggested ${count} times`).toBeGreaterThan(0)
  })
})

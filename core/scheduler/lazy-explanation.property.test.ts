import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Placement, PlacementRequest } from '@/core/placement/types'
import { aFleet, aNode, aRequest } from '@/testing/builders'
import { fleetArbitrary, policyArbitrary, requestArbitrary } from '@/testing/fleets/arbitrary-fleets'
import { LazyExplanation, type Page } from './lazy-explanation'
import { place } from './place'

const everything: Page = { text: '', region: null, show: 'all', offset: 0, limit: 1_000_000 }

const asked = fc.record({
  request: requestArbitrary,
  fleet: fleetArbitrary({ located: true, maxNodes: 60 }),
  policy: policyArbitrary,
})

/** The refused nodes grouped by the first rule that they fail. */
function byFirstRule({ verdicts }: Placement): Record<string, string[]> {
  const names: Record<string, string[]> = {}
  for (const { nodeId, failures } of verdicts) {
    const rule = failures[0]?.rule
    if (rule) names[rule] = [...(names[rule] ?? []), nodeId]
  }
  return names
}

describe('a lazily explained run', () => {
  it('has the same verdicts in the same order as a fully explained run', () => {
    let refusals = 0
    fc.assert(
      fc.property(asked, (inputs) => {
        const whole = place(inputs.request, inputs.fleet, inputs.policy)
        const lazy = new LazyExplanation(inputs)
        expect(lazy.page(everything)).toEqual({ total: whole.verdicts.length, verdicts: whole.verdicts })
        expect(lazy.chosen).toEqual(whole.chosen)
        expect(lazy.nodes).toBe(inputs.fleet.nodes.length)
        expect(lazy.feasible).toBe(whole.verdicts.filter(({ feasible }) => feasible).length)
        const names = whole.verdicts.map(({ nodeId }) => nodeId)
        expect(lazy.of(names.toReversed())).toEqual(whole.verdicts.toReversed())
        if (whole.refusal) refusals += 1
      }),
      { numRuns: 300 },
    )
    expect(refusals).toBeGreaterThan(20)
  })

  it('counts the refused nodes and shows the best ones, including the chosen ones', () => {
    let grouped = 0
    fc.assert(
      fc.property(asked, (inputs) => {
        const whole = place(inputs.request, inputs.fleet, inputs.policy)
        const { best, refused, refusal, feasible } = new LazyExplanation(inputs).summary(3)
        expect(best).toEqual(whole.verdicts.slice(0, best.length))
        expect(best.length).toBeGreaterThanOrEqual(Math.min(3, feasible))
        const shown = new Set(best.map(({ id }) => id))
        for (const { id } of whole.chosen) expect(shown).toContain(id)
        const expected = byFirstRule(whole)
        expect(Object.fromEntries(refused.map(({ rule, count }) => [rule, count]))).toEqual(
          Object.fromEntries(Object.entries(expected).map(([rule, names]) => [rule, names.length])),
        )
        for (const { rule, some } of refused) {
          expect(some).toEqual(
            whole.verdicts.filter(({ failures }) => failures[0]?.rule === rule).slice(0, some.length),
          )
          expect(some.length).toBe(Math.min(12, expected[rule]?.length ?? 0))
        }
        expect(refusal?.reasons.map(({ rule, count }) => ({ rule, count }))).toEqual(
          whole.refusal?.reasons.map(({ rule, count }) => ({ rule, count })),
        )
        for (const [index, { nodeIds }] of (refusal?.reasons ?? []).entries())
          expect(nodeIds).toEqual(whole.refusal?.reasons[index]?.nodeIds.slice(0, 20))
        expect(refusal?.suggestions).toEqual(whole.refusal?.suggestions)
        if (refused.length > 1) grouped += 1
      }),
      { numRuns: 300 },
    )
    expect(grouped).toBeGreaterThan(20)
  })
})

describe('a page of a run', () => {
  const request: PlacementRequest = aRequest({ resources: { cpuMillis: 1000 } })
  const fleet = aFleet([
    aNode({ nodeId: 'edge-1', cpuUsagePercent: 30 }),
    aNode({ nodeId: 'edge-2', region: 'eu-west', cpuUsagePercent: 10 }),
    aNode({ nodeId: 'hub-1', cpuUsagePercent: 20 }),
    aNode({ nodeId: 'hub-2', cordoned: true }),
  ])
  const policy = { name: 'even', weights: { resources: 0.4, load: 0.3, locality: 0.3 } }
  const page = (wanted: Partial<Page>) => {
    const { total, verdicts } = new LazyExplanation({ request, fleet, policy }).page({ ...everything, ...wanted })
    return [total, ...verdicts.map(({ nodeId }) => nodeId)]
  }

  it('has the matching nodes and the total number of matches', () => {
    expect(page({})).toEqual([4, 'edge-2', 'hub-1', 'edge-1', 'hub-2'])
    expect(page({ offset: 1, limit: 2 })).toEqual([4, 'hub-1', 'edge-1'])
    expect(page({ text: 'HUB' })).toEqual([2, 'hub-1', 'hub-2'])
    expect(page({ region: 'eu-west' })).toEqual([1, 'edge-2'])
    expect(page({ show: 'room', text: 'hub' })).toEqual([1, 'hub-1'])
    expect(page({ show: 'refused' })).toEqual([1, 'hub-2'])
    expect(page({ offset: 9 })).toEqual([4])
  })

  it('shows ranks in the whole fleet', () => {
    const { verdicts } = new LazyExplanation({ request, fleet, policy }).page({ ...everything, text: 'edge-1' })
    expect(verdicts.map(({ rank }) => rank)).toEqual([3])
  })
})

/**
 * One scheduling run: `place(request, fleet, policy)` filters, scores and selects nodes, and explains the result for
 * every node. The function depends on its arguments only and serves real runs, previews and replay.
 */
import type {
  Fleet,
  FleetNode,
  Placement,
  PlacementRequest,
  Policy,
  Refusal,
  RuleFailure,
  RuleName,
  Verdict,
} from '@/core/placement/types'
import { ruleNames } from '@/core/placement/types'
import { failedRulesOf as failedNamesOf, failureOf, failuresOf } from './filters/filters'
import { inputsOf, notesOf, partsOf, type ScoreContext } from './scoring/score'
import { type Candidate, type Choice, compareNames } from './select/candidates'
import { choose } from './select/choose'
import { suggest } from './suggest'
import { insufficientNodes } from './summary'

const skippedFailure: RuleFailure = {
  rule: 'avoided',
  message: 'an attempt failed here before, and other nodes can take all replicas',
  needed: null,
  available: null,
  shortfall: null,
}

const lastResortNote = 'an attempt failed here before; it comes after all others, which cannot take all replicas'

// The verdicts here and below are object literals with the same order of fields. Object spread would cost several times
// as much as all the scoring, because a run builds one verdict per node.
function refusedVerdict(context: ScoreContext, node: FleetNode, failures: RuleFailure[]): Verdict {
  const inputs = inputsOf(context, node)
  return {
    id: node.id,
    nodeId: node.nodeId,
    region: node.region,
    simulated: node.simulated,
    feasible: false,
    failures,
    notes: notesOf(inputs),
    score: null,
    parts: [],
    inputs,
    rank: null,
    chosen: 0,
  }
}

function feasibleVerdict(context: ScoreContext, { node, score, scoreAtChoice }: Candidate): Verdict {
  const inputs = inputsOf(context, node)
  return {
    id: node.id,
    nodeId: node.nodeId,
    region: node.region,
    simulated: node.simulated,
    feasible: true,
    failures: [],
    notes: notesOf(inputs),
    score,
    parts: scoreAtChoice?.parts ?? partsOf(context, node),
    inputs,
    rank: null,
    chosen: 0,
  }
}

/** Returns the failures of a node: of its rules, and of the limit of a spread on its topology domain. */
function allFailuresOf({ request, spreading }: ScoreContext, node: FleetNode): RuleFailure[] {
  const failures = failuresOf(request, node)
  const held = spreading?.view(node).results.filter((result) => !result.passed) ?? []
  return held.length > 0 ? [...failures, ...held.map(failureOf)] : failures
}

/** Returns only the rule names of `allFailuresOf`. */
function failedRulesOf({ request, spreading }: ScoreContext, node: FleetNode): RuleName[] {
  const failed: RuleName[] = failedNamesOf(request, node)
  if (spreading?.holdsBack(node) && !failed.includes('spread')) failed.push('spread')
  return failed
}

/** Builds the verdicts of a run, one at a time. */
export interface Explainer {
  /** Returns the verdict of a feasible node by its index in the ranking, from 0. */
  candidate(place: number): Verdict
  refused(node: FleetNode): Verdict
  /** Returns the distinct names of the failed rules of a node, in the order of the failures in its verdict. */
  failedRules(node: FleetNode): RuleName[]
  /** Returns refused nodes, and avoided ones that were not needed, in no particular order. */
  refusedNodes(): FleetNode[]
}

export function explainer({ context, candidates, refused, skipped, chosen }: Choice): Explainer {
  const avoided = new Set(context.request.avoidNodeIds)
  const skippedOnes = new Set(skipped)
  const timesChosen = new Map<string, number>()
  for (const { id } of chosen) timesChosen.set(id, (timesChosen.get(id) ?? 0) + 1)
  return {
    candidate: (place) => {
      const candidate = candidates[place]
      if (!candidate) throw new RangeError(`there is no candidate ${place}`)
      const verdict = feasibleVerdict(context, candidate)
      verdict.rank = place + 1
      verdict.chosen = timesChosen.get(verdict.id) ?? 0
      if (avoided.has(verdict.id)) verdict.notes.push(lastResortNote)
      return verdict
    },
    refused: (node) =>
      refusedVerdict(context, node, skippedOnes.has(node) ? [{ ...skippedFailure }] : allFailuresOf(context, node)),
    failedRules: (node) => (skippedOnes.has(node) ? [skippedFailure.rule] : failedRulesOf(context, node)),
    refusedNodes: () => [...refused, ...skipped],
  }
}

/** Returns the verdicts of feasible nodes by rank, then those of refused nodes by name. */
export function verdictsOf(choice: Choice): Verdict[] {
  const explain = explainer(choice)
  const verdicts = choice.candidates.map((_, place) => explain.candidate(place))
  for (const node of explain.refusedNodes().sort(compareNames)) verdicts.push(explain.refused(node))
  return verdicts
}

/** Sorts groups by count, highest first; groups of equal size in the order of the rules. */
export const mostFirst = (a: { rule: RuleName; count: number }, b: { rule: RuleName; count: number }): number =>
  b.count - a.count || ruleNames.indexOf(a.rule) - ruleNames.indexOf(b.rule)

/** Counts refused nodes per rule. */
function reasonsOf(verdicts: readonly Verdict[]): Refusal['reasons'] {
  const nodeIds = new Map<RuleName, string[]>()
  for (const verdict of verdicts) {
    for (const rule of new Set(verdict.failures.map((failure) => failure.rule))) {
      const known = nodeIds.get(rule)
      if (known) known.push(verdict.nodeId)
      else nodeIds.set(rule, [verdict.nodeId])
    }
  }
  return [...nodeIds].map(([rule, ids]) => ({ rule, count: ids.length, nodeIds: ids })).sort(mostFirst)
}

/** Returns the refusal of a request that does not fit, with suggestions. */
export function refusalOf(
  { request, fleet, policy }: { request: PlacementRequest; fleet: Fleet; policy: Policy },
  { found, reasons }: { found: number; reasons: Refusal['reasons'] },
): Refusal {
  return {
    needed: request.replicas,
    found,
    message: insufficientNodes(request.replicas, found),
    reasons,
    suggestions: suggest({ request, fleet, policy, found }),
    notes: refusalNotes(request),
  }
}

/** Tells users that the preferred region does not exclude nodes: the region only affects scores. */
const refusalNotes = ({ region }: PlacementRequest): string[] =>
  region === null ? [] : [`Another region than ${region} would not help: nodes of every region were looked at`]

/** Places all replicas or none. A refusal is data; throws only on a request for less than one replica. */
export function place(request: PlacementRequest, fleet: Fleet, policy: Policy): Placement {
  requireReplicas(request)
  const choice = choose(request, fleet, policy)
  const verdicts = verdictsOf(choice)
  const { chosen, found } = choice
  if (found >= request.replicas) return { chosen, refusal: null, verdicts }
  const refusal = refusalOf({ request, fleet, policy }, { found, reasons: reasonsOf(verdicts) })
  return { chosen: [], refusal, verdicts }
}

export function requireReplicas({ replicas }: PlacementRequest): void {
  if (!Number.isInteger(replicas) || replicas < 1)
    throw new RangeError(`a placement is for 1 or more replicas, not ${replicas}`)
}

/**
 * One scheduling run: `place(request, fleet, policy)` filters, scores, selects, and says why for every node. It reads
 * nothing but its arguments: the same function serves real runs, previews and replay.
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
} from '@/server/domain/placement'
import { ruleNames } from '@/server/domain/placement'
import { type Candidate, type Choice, choose, compareNames } from './choose'
import { failuresOf } from './filters'
import { inputsOf, notesOf, partsOf, type ScoreContext } from './score'
import { suggest } from './suggest'
import { insufficientNodes } from './summary'

const sparedFailure: RuleFailure = {
  rule: 'avoided',
  message: 'an attempt failed here before, and other nodes can take all replicas',
  needed: null,
  available: null,
  shortfall: null,
}
const lastResortNote = 'an attempt failed here before; it comes after all others, which cannot take all replicas'

// Literals with every field in one order, here and below, rather than spreads: a run makes one verdict per node of the
// fleet, and spreading costs several times what all the scoring does.
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

function feasibleVerdict(context: ScoreContext, { node, score }: Candidate): Verdict {
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
    parts: partsOf(context, node),
    inputs,
    rank: null,
    chosen: 0,
  }
}

/** Feasible nodes by rank, then the refused ones by name. */
function verdictsOf({ context, candidates, refused, spared, chosen }: Choice): Verdict[] {
  const avoided = new Set(context.request.avoidNodeIds)
  const timesChosen = new Map<string, number>()
  for (const { id } of chosen) timesChosen.set(id, (timesChosen.get(id) ?? 0) + 1)
  const verdicts = candidates.map((candidate, index) => {
    const verdict = feasibleVerdict(context, candidate)
    verdict.rank = index + 1
    verdict.chosen = timesChosen.get(verdict.id) ?? 0
    if (avoided.has(verdict.id)) verdict.notes.push(lastResortNote)
    return verdict
  })
  const sparedOnes = new Set(spared)
  for (const node of [...refused, ...spared].sort(compareNames)) {
    const failures = sparedOnes.has(node) ? [{ ...sparedFailure }] : failuresOf(context.request, node)
    verdicts.push(refusedVerdict(context, node, failures))
  }
  return verdicts
}

/** Refused nodes counted per rule, the most frequent first, equals in the order of the rules. */
function reasonsOf(verdicts: readonly Verdict[]): Refusal['reasons'] {
  const nodeIds = new Map<RuleName, string[]>()
  for (const verdict of verdicts) {
    for (const rule of new Set(verdict.failures.map((failure) => failure.rule))) {
      const known = nodeIds.get(rule)
      if (known) known.push(verdict.nodeId)
      else nodeIds.set(rule, [verdict.nodeId])
    }
  }
  return [...nodeIds]
    .map(([rule, ids]) => ({ rule, count: ids.length, nodeIds: ids }))
    .sort((a, b) => b.count - a.count || ruleNames.indexOf(a.rule) - ruleNames.indexOf(b.rule))
}

/** Places all replicas or none. Refusal is data; a request for less than one replica is a programming error. */
export function place(request: PlacementRequest, fleet: Fleet, policy: Policy): Placement {
  if (!Number.isInteger(request.replicas) || request.replicas < 1) {
    throw new RangeError(`a placement is for 1 or more replicas, not ${request.replicas}`)
  }
  const choice = choose(request, fleet, policy)
  const verdicts = verdictsOf(choice)
  const { chosen, found } = choice
  if (found >= request.replicas) return { chosen, refusal: null, verdicts }
  const refusal: Refusal = {
    needed: request.replicas,
    found,
    message: insufficientNodes(request.replicas, found),
    reasons: reasonsOf(verdicts),
    suggestions: suggest({ request, fleet, policy, found }),
  }
  return { chosen: [], refusal, verdicts }
}

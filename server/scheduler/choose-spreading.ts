/**
 * The choice for requests that spread their replicas: with each one placed, other places become better or come to be
 * ruled out, so that it is made replica by replica.
 */
import type { ChosenNode, FleetNode } from '@/server/domain/placement'
import { type Candidate, type Choice, compareCandidates } from './candidates'
import { meetsAll, withReplica } from './filters'
import { partsOf, type ScoreContext, scoreOf } from './score'
import { Spreading } from './spreading'

interface Runner extends Candidate {
  avoided: boolean
}

/** Nodes to be avoided come after all others. */
const compareRunners = (a: Runner, b: Runner): number =>
  a.avoided === b.avoided ? compareCandidates(a, b) : a.avoided ? 1 : -1

function bestOf(runners: Iterable<Runner>, spreading: Spreading): Runner | null {
  let best: Runner | null = null
  for (const runner of runners)
    if ((best === null || compareRunners(runner, best) < 0) && !spreading.holdsBack(runner.node)) best = runner
  return best
}

/** As `chooseAmong`; `found` is counted up to the number of replicas asked for. */
export function chooseSpreading(asked: Omit<ScoreContext, 'spreading'>, nodes: readonly FleetNode[]): Choice {
  const { request } = asked
  const spreading = new Spreading(request, nodes)
  const context: ScoreContext = { ...asked, spreading }
  const avoided = new Set(request.avoidNodeIds)
  const runners = new Set<Runner>()
  const refused: FleetNode[] = []
  for (const node of nodes)
    if (meetsAll(request, node)) runners.add({ node, score: scoreOf(context, node), avoided: avoided.has(node.id) })
    else refused.push(node)

  const chosen: ChosenNode[] = []
  /** As each node was when it was chosen first. */
  const winners = new Map<string, Candidate>()
  while (chosen.length < request.replicas) {
    const best = bestOf(runners, spreading)
    if (best === null) break
    const { node, score } = best
    chosen.push({ id: node.id, nodeId: node.nodeId, score })
    if (!winners.has(node.id)) {
      const stood = { parts: partsOf(context, node), spread: spreading.view(node) }
      winners.set(node.id, { node, score, stood })
    }
    // What the others are compared with is how they stood when the last one was chosen.
    if (chosen.length === request.replicas) break
    const hasChanged = spreading.add(node)
    best.node = withReplica(request, node)
    if (!meetsAll(request, best.node)) runners.delete(best)
    for (const runner of runners)
      if (runner === best || hasChanged(runner.node)) runner.score = scoreOf(context, runner.node)
  }

  const fits = chosen.length === request.replicas
  const rest = [...runners].filter(({ node }) => !winners.has(node.id))
  const sparing = fits && !chosen.some(({ id }) => avoided.has(id))
  const spared = sparing ? rest.filter((runner) => runner.avoided) : []
  const others = sparing ? rest.filter((runner) => !runner.avoided) : rest
  const free = others.filter(({ node }) => !spreading.holdsBack(node)).sort(compareRunners)
  const heldBack = others.filter(({ node }) => spreading.holdsBack(node))
  return {
    context,
    candidates: [...winners.values(), ...free],
    spared: spared.map(({ node }) => node),
    refused: [...refused, ...heldBack.map(({ node }) => node)],
    found: chosen.length,
    chosen: fits ? chosen : [],
  }
}

/**
 * The choice for requests that spread their replicas: with each one placed, other places become better or come to be
 * ruled out, so that it is made replica by replica. Nodes in the same places stand and fall together: they are kept as a
 * group, of which only those that a replica changes are scored anew.
 */
import type { ChosenNode, FleetNode } from '@/core/placement/types'
import { meetsAll, withReplica } from '@/core/scheduler/filters/filters'
import { placeOf } from '@/core/scheduler/filters/topology'
import { partsOf, type ScoreContext, scoreOf } from '@/core/scheduler/scoring/score'
import { type Candidate, type Choice, compareCandidates } from './candidates'
import { Spreading } from './spreading'

interface Runner extends Candidate {
  avoided: boolean
}

/** Nodes to be avoided come after all others. */
const compareRunners = (a: Runner, b: Runner): number =>
  a.avoided === b.avoided ? compareCandidates(a, b) : a.avoided ? 1 : -1

/** The `count` best, the best first, without sorting the others. */
function fewBest(runners: readonly Runner[], count: number): Runner[] {
  const few: Runner[] = []
  if (count <= 0) return few
  for (const runner of runners) {
    const last = few[count - 1]
    if (last && compareRunners(last, runner) < 0) continue
    const at = few.findLastIndex((other) => compareRunners(other, runner) < 0)
    few.splice(at + 1, 0, runner)
    few.length = Math.min(few.length, count)
  }
  return few
}

/** The nodes in the same places. */
class Group {
  readonly runners: Runner[] = []
  #best: Runner | null = null

  constructor(
    /** Any node there: what is asked of the places is asked of it. */
    readonly node: FleetNode,
  ) {}

  best(): Runner | null {
    if (this.#best === null)
      for (const runner of this.runners)
        if (this.#best === null || compareRunners(runner, this.#best) < 0) this.#best = runner
    return this.#best
  }

  /** Gives all of them, or the one, the score that it has now. */
  score(context: ScoreContext, only?: Runner): void {
    for (const runner of only ? [only] : this.runners) runner.score = scoreOf(context, runner.node)
    this.#best = null
  }

  remove(runner: Runner): void {
    this.runners.splice(this.runners.indexOf(runner), 1)
    this.#best = null
  }
}

class Running {
  readonly refused: FleetNode[] = []
  readonly #groups: Group[]
  readonly #context: ScoreContext & { spreading: Spreading }

  constructor(context: ScoreContext & { spreading: Spreading }, nodes: readonly FleetNode[]) {
    this.#context = context
    const { request } = context
    const avoided = new Set(request.avoidNodeIds)
    const spreads = request.wishes?.spread ?? []
    const keyOf = (node: FleetNode): string => spreads.map(({ across }) => placeOf(node, across)).join('\n')
    const groups = new Map<string, Group>()
    for (const node of nodes) {
      if (!meetsAll(request, node)) {
        this.refused.push(node)
        continue
      }
      const [only] = spreads
      const key = spreads.length === 1 && only ? (placeOf(node, only.across) ?? '') : keyOf(node)
      const group = groups.get(key) ?? new Group(node)
      groups.set(key, group)
      group.runners.push({ node, score: scoreOf(context, node), avoided: avoided.has(node.id) })
    }
    this.#groups = [...groups.values()]
  }

  /** The best of those that need not wait, with its group. */
  best(): { runner: Runner; group: Group } | null {
    let best: { runner: Runner; group: Group } | null = null
    for (const group of this.#open()) {
      const runner = group.best()
      if (runner && (best === null || compareRunners(runner, best.runner) < 0)) best = { runner, group }
    }
    return best
  }

  /** Counts a replica on the node, and scores anew what that changed. */
  place({ runner, group }: { runner: Runner; group: Group }): void {
    const { request, spreading } = this.#context
    const hasChanged = spreading.add(runner.node)
    runner.node = withReplica(request, runner.node)
    if (meetsAll(request, runner.node)) group.score(this.#context, runner)
    else group.remove(runner)
    for (const one of this.#groups) if (hasChanged(one.node)) one.score(this.#context)
  }

  /** Whether it has to wait until other places hold more. */
  #open(): Group[] {
    return this.#groups.filter(({ node }) => !this.#context.spreading.holdsBack(node))
  }

  /** Those who may take one more now. */
  free(): Runner[] {
    return this.#open().flatMap(({ runners }) => runners)
  }

  heldBack(): Runner[] {
    const open = new Set(this.#open())
    return this.#groups.flatMap((group) => (open.has(group) ? [] : group.runners))
  }
}

/** As `chooseAmong`; `found` is counted up to the number of replicas asked for. */
export function chooseSpreading(asked: Omit<ScoreContext, 'spreading'>, nodes: readonly FleetNode[]): Choice {
  const { request } = asked
  const context = { ...asked, spreading: new Spreading(request, nodes) }
  const running = new Running(context, nodes)

  const chosen: ChosenNode[] = []
  /** As each node was when it was chosen first. */
  const winners = new Map<string, Candidate>()
  while (chosen.length < request.replicas) {
    const best = running.best()
    if (best === null) break
    const { node, score } = best.runner
    chosen.push({ id: node.id, nodeId: node.nodeId, score })
    if (!winners.has(node.id)) {
      const scoreAtChoice = { parts: partsOf(context, node), spread: context.spreading.view(node) }
      winners.set(node.id, { node, score, scoreAtChoice })
    }
    // What the others are compared with is how they stood when the last one was chosen.
    if (chosen.length < request.replicas) running.place(best)
  }

  const fits = chosen.length === request.replicas
  const sparing = fits && !chosen.some(({ id }) => context.request.avoidNodeIds.includes(id))
  const isSkipped = (runner: Runner): boolean => sparing && runner.avoided
  const isLeft = (runner: Runner): boolean => !winners.has(runner.node.id) && !isSkipped(runner)
  const free = running.free().filter(isLeft)
  let sorted: Candidate[] | null = null
  const candidates = (): Candidate[] => {
    sorted ??= [...winners.values(), ...free.sort(compareRunners)]
    return sorted
  }
  return {
    context,
    get candidates() {
      return candidates()
    },
    feasible: winners.size + free.length,
    first: (count) => [...winners.values(), ...fewBest(free, count - winners.size)].slice(0, count),
    get skipped() {
      return [...running.free(), ...running.heldBack()].filter(isSkipped).map(({ node }) => node)
    },
    get refused() {
      return [
        ...running.refused,
        ...running
          .heldBack()
          .filter(isLeft)
          .map(({ node }) => node),
      ]
    },
    found: chosen.length,
    chosen: fits ? chosen : [],
  }
}

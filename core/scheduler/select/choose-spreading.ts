/**
 * The choice for requests that spread their replicas. Each placed replica changes which topology domains are better or
 * ruled out, so replicas are placed one at a time. Nodes in the same domains form a group; after each placement only
 * the groups and nodes that it affects are scored again.
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

/** Sorts avoided nodes after all others. */
const compareRunners = (a: Runner, b: Runner): number =>
  a.avoided === b.avoided ? compareCandidates(a, b) : a.avoided ? 1 : -1

/** Returns the `count` best, best first, without sorting the others. */
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

/** The nodes in the same topology domains. */
class Group {
  readonly runners: Runner[] = []
  #best: Runner | null = null

  constructor(
    /** Any node of the group; it stands for the group's domains. */
    readonly node: FleetNode,
  ) {}

  best(): Runner | null {
    if (this.#best === null)
      for (const runner of this.runners)
        if (this.#best === null || compareRunners(runner, this.#best) < 0) this.#best = runner
    return this.#best
  }

  /** Updates the score of one node, or of all. */
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
    const spreads = request.placementRules?.spread ?? []
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

  /** Returns the best node that no limit holds back, with its group. */
  best(): { runner: Runner; group: Group } | null {
    let best: { runner: Runner; group: Group } | null = null
    for (const group of this.#open()) {
      const runner = group.best()
      if (runner && (best === null || compareRunners(runner, best.runner) < 0)) best = { runner, group }
    }
    return best
  }

  /** Counts a replica on the node and updates the scores that it changes. */
  place({ runner, group }: { runner: Runner; group: Group }): void {
    const { request, spreading } = this.#context
    const hasChanged = spreading.add(runner.node)
    runner.node = withReplica(request, runner.node)
    if (meetsAll(request, runner.node)) group.score(this.#context, runner)
    else group.remove(runner)
    for (const one of this.#groups) if (hasChanged(one.node)) one.score(this.#context)
  }

  /** Returns the groups that the limit of a spread does not hold back now. */
  #open(): Group[] {
    return this.#groups.filter(({ node }) => !this.#context.spreading.holdsBack(node))
  }

  /** Returns the nodes that can take one more replica now. */
  free(): Runner[] {
    return this.#open().flatMap(({ runners }) => runners)
  }

  heldBack(): Runner[] {
    const open = new Set(this.#open())
    return this.#groups.flatMap((group) => (open.has(group) ? [] : group.runners))
  }
}

/** Like `chooseAmong`, but for requests with a spread. `found` never exceeds the requested number of replicas. */
export function chooseSpreading(asked: Omit<ScoreContext, 'spreading'>, nodes: readonly FleetNode[]): Choice {
  const { request } = asked
  const context = { ...asked, spreading: new Spreading(request, nodes) }
  const running = new Running(context, nodes)

  const chosen: ChosenNode[] = []
  /** Each chosen node with its state when it was first chosen, by id. */
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
    // The last replica is not counted: the record shows the other nodes as they were when it was chosen.
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

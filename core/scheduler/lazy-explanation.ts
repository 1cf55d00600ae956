/**
 * Makes the same choice as `place`, but builds verdicts only on demand. On a large fleet, verdicts that nobody reads
 * would take most of the time and fill most of the response.
 */
import type { PlacementSummary, RefusedGroup } from '@/core/placement/decision-summary'
import type {
  ChosenNode,
  Fleet,
  FleetNode,
  PlacementRequest,
  Policy,
  Refusal,
  RuleName,
  Verdict,
} from '@/core/placement/types'
import { type Explainer, explainer, mostFirst, refusalOf, requireReplicas } from './place'
import { type Choice, compareNames } from './select/candidates'
import { choose } from './select/choose'
import { insufficientNodes } from './summary'

/** Which nodes of a run to show. */
export interface Page {
  /** Part of a name; empty matches all. */
  text: string
  region: string | null
  /** Eligible nodes (`room`, by rank), ineligible ones (`refused`, by name), or both in that order. */
  show: 'all' | 'room' | 'refused'
  offset: number
  limit: number
}

/** How many names and verdicts are shown for a group of refused nodes. */
const namesPerGroup = 20
const verdictsPerGroup = 12

interface Asked {
  request: PlacementRequest
  fleet: Fleet
  policy: Policy
}

export class LazyExplanation {
  readonly #asked: Asked
  readonly #choice: Choice
  readonly #explain: Explainer
  #refused: FleetNode[] | null = null

  constructor(asked: Asked) {
    requireReplicas(asked.request)
    this.#asked = asked
    this.#choice = choose(asked.request, asked.fleet, asked.policy)
    this.#explain = explainer(this.#choice)
  }

  get chosen(): ChosenNode[] {
    return this.fits ? this.#choice.chosen : []
  }

  get fits(): boolean {
    return this.#choice.found >= this.#asked.request.replicas
  }

  /** How many replicas could be placed. */
  get found(): number {
    return this.#choice.found
  }

  /** "Insufficient nodes: …" when the request does not fit, else null. */
  get shortage(): string | null {
    return this.fits ? null : insufficientNodes(this.#asked.request.replicas, this.found)
  }

  get feasible(): number {
    return this.#choice.feasible
  }

  get nodes(): number {
    return this.#asked.fleet.nodes.length
  }

  /** Sorted by name. */
  get #refusedNodes(): FleetNode[] {
    this.#refused ??= this.#explain.refusedNodes().sort(compareNames)
    return this.#refused
  }

  /** Returns one page of the matching nodes and the total number of matches. */
  page({ text, region, show, offset, limit }: Page): { total: number; verdicts: Verdict[] } {
    const wanted = text.toLowerCase()
    const isDesired = (node: FleetNode): boolean =>
      (region === null || node.region === region) && (wanted === '' || node.nodeId.toLowerCase().includes(wanted))
    const verdicts: Verdict[] = []
    let total = 0
    const take = (verdict: () => Verdict): void => {
      if (total >= offset && verdicts.length < limit) verdicts.push(verdict())
      total += 1
    }
    if (show !== 'refused')
      for (const [place, { node }] of this.#choice.candidates.entries())
        if (isDesired(node)) take(() => this.#explain.candidate(place))
    if (show !== 'room')
      for (const node of this.#refusedNodes) if (isDesired(node)) take(() => this.#explain.refused(node))
    return { total, verdicts }
  }

  /** Returns verdicts of nodes given by UUID or name, in the given order; unknown nodes are left out. */
  of(names: readonly string[]): Verdict[] {
    const isMeant = (name: string) => (node: FleetNode) => node.nodeId === name || node.id === name
    return names.flatMap((name): Verdict[] => {
      const place = this.#choice.candidates.findIndex(({ node }) => isMeant(name)(node))
      if (place >= 0) return [this.#explain.candidate(place)]
      const refused = this.#refusedNodes.find(isMeant(name))
      return refused ? [this.#explain.refused(refused)] : []
    })
  }

  /** The summary lists the `size` best nodes or more: it includes all chosen nodes and some that follow them. */
  summary(size: number): PlacementSummary {
    const { candidates } = this.#choice
    const ids = new Set(this.chosen.map(({ id }) => id))
    const lastChosen = candidates.findLastIndex(({ node }) => ids.has(node.id))
    const shown = Math.min(candidates.length, Math.max(size, lastChosen + 4))
    const best = Array.from({ length: shown }, (_, place) => this.#explain.candidate(place))
    const { groups, reasons } = this.#sorted()
    return {
      chosen: this.chosen,
      refusal: this.fits ? null : refusalOf(this.#asked, { found: this.found, reasons }),
      nodes: this.nodes,
      feasible: this.feasible,
      best,
      refused: groups,
    }
  }

  /** Groups the refused nodes by rule. Most are only counted, so this does not build failure messages. */
  #sorted(): { groups: RefusedGroup[]; reasons: Refusal['reasons'] } {
    const byFirst = new Map<RuleName, Some>()
    const byAny = new Map<RuleName, Some>()
    const add = (to: Map<RuleName, Some>, rule: RuleName, node: FleetNode): void => {
      const some = to.get(rule) ?? new Some()
      some.add(node)
      to.set(rule, some)
    }
    for (const node of this.#explain.refusedNodes()) {
      const [first, ...others] = this.#explain.failedRules(node)
      if (first === undefined) throw new Error(`${node.nodeId} was refused by no rule`)
      add(byFirst, first, node)
      add(byAny, first, node)
      for (const rule of others) add(byAny, rule, node)
    }
    const groups = [...byFirst].map(([rule, { count, nodes }]): RefusedGroup => {
      const shown = nodes.slice(0, verdictsPerGroup)
      return { rule, count, some: shown.map((node) => this.#explain.refused(node)) }
    })
    const reasons = [...byAny].map(([rule, { count, nodes }]) => ({
      rule,
      count,
      nodeIds: nodes.map(({ nodeId }) => nodeId),
    }))
    return { groups: groups.sort(mostFirst), reasons: reasons.sort(mostFirst) }
  }
}

/** Counts a group of nodes and keeps the first of them by name. */
class Some {
  count = 0
  readonly nodes: FleetNode[] = []

  add(node: FleetNode): void {
    this.count += 1
    const last = this.nodes.at(-1)
    const isFull = this.nodes.length >= namesPerGroup
    if (isFull && last && compareNames(last, node) < 0) return
    const at = this.nodes.findLastIndex((other) => compareNames(other, node) < 0)
    this.nodes.splice(at + 1, 0, node)
    if (isFull) this.nodes.pop()
  }
}

/** Visits every reachable state, breadth first, and tells the steps that led to the first violation. */
import { settle, wrongRest, wrongState, wrongStep } from './invariants'
import { keyOf } from './key'
import { beginning, type Setting, successors, type World } from './world'

export interface Exploration {
  states: number
  steps: number
  /** The violation and the steps before it; null when there is none. */
  found: { what: string; story: string[] } | null
}

/** `tolerated`: violations of steps to ignore, in order to see their consequences. */
export function explore(setting: Setting, tolerated: readonly string[] = []): Exploration {
  const first = beginning(setting)
  const firstKey = keyOf(first)
  /** How each state was reached. */
  const from = new Map<string, { before: string; name: string } | null>([[firstKey, null]])
  const rest = new Rest(setting)
  let level = [{ key: firstKey, world: first }]
  let steps = 0
  const found = (what: string, key: string, last: string[]): Exploration => {
    const names: string[] = []
    for (let at = from.get(key); at; at = from.get(at.before)) names.push(at.name)
    return { states: from.size, steps, found: { what, story: [...names.reverse(), ...last] } }
  }
  while (level.length > 0) {
    const next: typeof level = []
    for (const { key, world } of level) {
      const wrong = wrongState(world) ?? rest.wrong(world)
      if (wrong) return found(wrong, key, [])
      for (const step of successors(world, setting)) {
        steps++
        const bad = wrongStep(world, step)
        if (bad && !tolerated.includes(bad)) return found(bad, key, [step.name])
        const reached = keyOf(step.next)
        if (from.has(reached)) continue
        from.set(reached, { before: key, name: step.name })
        next.push({ key: reached, world: step.next })
      }
    }
    level = next
  }
  return { states: from.size, steps, found: null }
}

/** The states that are reached when nothing fails any more. Each path is followed once. */
class Rest {
  readonly #known = new Set<string>()

  constructor(private readonly setting: Setting) {}

  wrong(world: World): string | null {
    const way = new Set<string>()
    for (let at: World | null = { ...world, late: null, left: this.setting.budget }; at; ) {
      const key = keyOf(at)
      if (this.#known.has(key)) break
      if (way.has(key)) return 'it never comes to rest'
      way.add(key)
      const after: World | null = settle(at, key, this.setting)
      const wrong = after === null ? wrongRest(at, this.setting) : null
      if (wrong) return wrong
      at = after
    }
    for (const key of way) this.#known.add(key)
    return null
  }
}

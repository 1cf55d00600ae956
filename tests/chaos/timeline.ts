/** When which fault was in force: what the checks see is held against it. */
import type { FaultKind } from './schedule'

export interface Spell {
  kind: FaultKind
  target: string
  /** Milliseconds since 1970. */
  fromMs: number
  /** Infinite while it lasts. */
  untilMs: number
}

export class Timeline {
  readonly spells: Spell[] = []

  /** @returns ends it. */
  begin(kind: FaultKind, target: string): () => void {
    const spell = { kind, target, fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY }
    this.spells.push(spell)
    return () => {
      spell.untilMs = Date.now()
    }
  }
}

const ends: ReadonlySet<FaultKind> = new Set(['kill', 'pause', 'cut', 'storm', 'overload'])

/** What agents send is recorded by neither of these while it is attacked. */
const takers: ReadonlySet<string> = new Set(['web', 'database'])

/** After a fault was undone its target still has to start, to claim, and to be heard. */
const recoveryMs = 20_000

/** Whether what an agent asks at any moment between these two may have stayed without an answer. */
export const wasBehind = (spells: readonly Spell[], fromMs: number, untilMs: number): boolean =>
  spells.some(
    (spell) =>
      ends.has(spell.kind) && takers.has(spell.target) && spell.fromMs < untilMs && spell.untilMs + recoveryMs > fromMs,
  )

/** fleet-1… or agent-1…, by the name of one of its nodes. */
export const programOf = (node: string): string => node.replace(/^f(\d+)-.*$/, 'fleet-$1').replace(/^real-/, 'agent-')

/** The agent program of a node, and the engine through whose network it speaks. */
const speakersFor = (node: string): string[] => {
  const program = programOf(node)
  return [program, program.replace('agent-', 'engine-')]
}

const isOutage = ({ kind, target }: Spell, speakers: string[]): boolean =>
  speakers.includes(target) && ends.has(kind) && (kind === 'cut' || !target.startsWith('engine-'))

interface Outage {
  fromMs: number
  /** Until then at the latest it was heard again. */
  untilMs: number
}

/** When a node could not be heard, for its own sake. Outages between which it may not have been heard are one. */
export function outagesOf(node: string, spells: readonly Spell[]): Outage[] {
  const speakers = speakersFor(node)
  const own = spells.filter((spell) => isOutage(spell, speakers)).sort((a, b) => a.fromMs - b.fromMs)
  const outages: Outage[] = []
  for (const { fromMs, untilMs } of own) {
    const until = seenAgain(untilMs, spells)
    const before = outages.at(-1)
    if (before && before.untilMs >= fromMs) before.untilMs = Math.max(before.untilMs, until)
    else outages.push({ fromMs, untilMs: until })
  }
  return outages
}

/** Who comes back while nobody listens is heard later. */
function seenAgain(undoneMs: number, spells: readonly Spell[]): number {
  let untilMs = undoneMs + recoveryMs
  for (const spell of [...spells].sort((a, b) => a.fromMs - b.fromMs))
    if (takers.has(spell.target) && ends.has(spell.kind) && spell.untilMs > undoneMs && spell.fromMs < untilMs)
      untilMs = Math.max(untilMs, spell.untilMs + recoveryMs)
  return untilMs
}

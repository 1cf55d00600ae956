/** When each fault was in force. The checks compare what they see with it. */
import type { FaultKind } from './schedule'

export interface Spell {
  kind: FaultKind
  target: string
  /** Milliseconds since 1970. */
  fromMs: number
  /** Infinite while the fault lasts. */
  untilMs: number
}

export class Timeline {
  readonly spells: Spell[] = []

  /** @returns ends the fault. */
  begin(kind: FaultKind, target: string): () => void {
    const spell = { kind, target, fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY }
    this.spells.push(spell)
    return () => {
      spell.untilMs = Date.now()
    }
  }
}

const ends: ReadonlySet<FaultKind> = new Set(['kill', 'pause', 'cut', 'storm', 'overload'])

/** While one of these is attacked, nothing that agents send is recorded. */
const takers: ReadonlySet<string> = new Set(['web', 'database'])

/** After a fault was undone, its target still has to start, to claim its nodes, and to report. */
const recoveryMs = 20_000

/** Whether a request of an agent between these two times may have got no answer. */
export const wasBehind = (spells: readonly Spell[], fromMs: number, untilMs: number): boolean =>
  spells.some(
    (spell) =>
      ends.has(spell.kind) && takers.has(spell.target) && spell.fromMs < untilMs && spell.untilMs + recoveryMs > fromMs,
  )

/** fleet-1… or agent-1…, from the name of one of its nodes. */
export const programOf = (node: string): string => node.replace(/^f(\d+)-.*$/, 'fleet-$1').replace(/^real-/, 'agent-')

/** The agent program of a node, and the engine whose network the agent uses. */
const speakersFor = (node: string): string[] => {
  const program = programOf(node)
  return [program, program.replace('agent-', 'engine-')]
}

const isOutage = ({ kind, target }: Spell, speakers: string[]): boolean =>
  speakers.includes(target) && ends.has(kind) && (kind === 'cut' || !target.startsWith('engine-'))

interface Outage {
  fromMs: number
  /** By then the node was online again. */
  untilMs: number
}

/** When a fault kept a node from reporting. Outages between which it may not have reported are merged. */
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

/** A node that returns while no server listens is seen later. */
function seenAgain(undoneMs: number, spells: readonly Spell[]): number {
  let untilMs = undoneMs + recoveryMs
  for (const spell of [...spells].sort((a, b) => a.fromMs - b.fromMs))
    if (takers.has(spell.target) && ends.has(spell.kind) && spell.untilMs > undoneMs && spell.fromMs < untilMs)
      untilMs = Math.max(untilMs, spell.untilMs + recoveryMs)
  return untilMs
}

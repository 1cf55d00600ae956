/** When which fault comes: computed up front, so that the same seed repeats the same schedule. */
import { between, type Random, seeded } from '@/agent/random'

export type FaultKind = 'kill' | 'pause' | 'cut' | 'deafen' | 'storm'

/** One fault. It begins at `atMs` after the start and is undone `forMs` later. */
export interface Fault {
  atMs: number
  kind: FaultKind
  /** web, leader, standby, database, fleet-1…, agent-1…, engine-1… */
  targets: string[]
  forMs: number
}

export interface ScheduleOptions {
  seed: number
  durationMs: number
  /** The mean time between two faults. */
  gapMs: number
  fleets: number
  engines: number
}

interface Kind {
  kind: FaultKind
  weight: number
  targets: string[]
  /** Shortest and longest, in seconds. */
  seconds: readonly [number, number]
  /** One in so many lasts as long as `longSeconds` says, so that nodes are given up meanwhile. */
  longOneIn?: number
  longSeconds?: readonly [number, number]
}

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)

/** What may happen, and how often. Short restarts are the rule, so that the next kill finds something to kill. */
const kindsOf = ({ fleets, engines }: ScheduleOptions): Kind[] => {
  const long = { longOneIn: 4, longSeconds: [36, 70] } as const
  const all: Kind[] = [
    { kind: 'kill', weight: 16, targets: ['web'], seconds: [0.1, 2] },
    { kind: 'kill', weight: 18, targets: ['leader'], seconds: [0.1, 4] },
    { kind: 'kill', weight: 8, targets: ['standby'], seconds: [0.1, 4] },
    { kind: 'kill', weight: 9, targets: ['database'], seconds: [0.1, 2.5] },
    { kind: 'kill', weight: 24, targets: numbered('fleet', fleets), seconds: [0.1, 5], ...long },
    { kind: 'kill', weight: 10, targets: numbered('agent', engines), seconds: [0.1, 5], ...long },
    { kind: 'kill', weight: 5, targets: numbered('engine', engines), seconds: [0.1, 4] },
    { kind: 'pause', weight: 6, targets: ['leader'], seconds: [10, 60] },
    { kind: 'pause', weight: 2, targets: ['web'], seconds: [2, 12] },
    { kind: 'pause', weight: 4, targets: numbered('fleet', fleets), seconds: [5, 40] },
    { kind: 'pause', weight: 2, targets: numbered('engine', engines), seconds: [3, 20] },
    { kind: 'cut', weight: 12, targets: numbered('fleet', fleets), seconds: [3, 30], ...long },
    { kind: 'cut', weight: 6, targets: numbered('engine', engines), seconds: [3, 30], ...long },
    { kind: 'cut', weight: 3, targets: ['leader'], seconds: [4, 30] },
    { kind: 'deafen', weight: 8, targets: ['leader'], seconds: [3, 12] },
    { kind: 'storm', weight: 1, targets: numbered('fleet', fleets), seconds: [20, 50] },
  ]
  return all.filter((each) => each.targets.length > 0)
}

/** After a fault was undone its target is left alone for so long. */
const restMs = 1_500
const firstAtMs = 1_000

/** Sorted by time; each is undone within the duration. */
export function planFaults(options: ScheduleOptions): Fault[] {
  const random = seeded(options.seed)
  const kinds = kindsOf(options)
  const busyUntil = new Map<string, number>()
  const faults: Fault[] = []
  const isFree = (target: string, atMs: number) => (busyUntil.get(target) ?? 0) <= atMs
  for (let atMs = firstAtMs; atMs < options.durationMs; atMs += between(random(), 0.3, 1.7) * options.gapMs) {
    const possible = kinds.filter((kind) => kind.targets.some((target) => isFree(target, atMs)))
    const kind = weighted(possible, random)
    if (!kind) continue
    const forMs = lengthOf(kind, random)
    const free = kind.targets.filter((target) => isFree(target, atMs))
    const targets = kind.kind === 'storm' ? stormOf(kind.targets, free) : pickOne(free, random)
    // Drawn all the same, so that a longer run begins as a shorter one does.
    if (targets.length === 0 || atMs + forMs > options.durationMs) continue
    for (const target of targets) busyUntil.set(target, atMs + forMs + restMs)
    faults.push({ atMs: Math.round(atMs), kind: kind.kind, targets, forMs: Math.round(forMs) })
  }
  return faults
}

function weighted(kinds: Kind[], random: Random): Kind | undefined {
  let left = random() * kinds.reduce((sum, kind) => sum + kind.weight, 0)
  return kinds.find((kind) => {
    left -= kind.weight
    return left < 0
  })
}

function lengthOf({ seconds, longOneIn, longSeconds }: Kind, random: Random): number {
  const [chance, isLong] = [random(), longOneIn !== undefined && random() * longOneIn < 1]
  const [min, max] = isLong && longSeconds ? longSeconds : seconds
  return between(chance, min, max) * 1000
}

const pickOne = (targets: string[], random: Random): string[] => {
  const one = targets[Math.floor(random() * targets.length)]
  return one === undefined ? [] : [one]
}

/** More than half of the fleet at once; none when too many are busy with something else. */
const stormOf = (all: string[], free: string[]): string[] => {
  const needed = Math.floor(all.length / 2) + 1
  return free.length < needed ? [] : free.slice(0, needed)
}

/** One line per fault. */
export const describeFault = ({ atMs, kind, targets, forMs }: Fault): string =>
  `${(atMs / 1000).toFixed(1).padStart(8)} s  ${kind.padEnd(7)} ${targets.join(', ')} for ${(forMs / 1000).toFixed(1)} s`

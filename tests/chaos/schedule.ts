/** Plans all faults up front, so that the same seed repeats the same schedule. */
import { between, hash, type Random, seeded } from '@/agent/lib/random'

/** Faults of programs and connections, then faults around them: copies, clocks, containers, engines, crowds. */
export type FaultKind =
  | 'kill'
  | 'pause'
  | 'cut'
  | 'deafen'
  | 'storm'
  | 'clone'
  | 'clock'
  | 'freeze'
  | 'obstruct'
  | 'overload'

/** One fault. It begins `atMs` after the start and is undone `forMs` later. */
export interface Fault {
  atMs: number
  kind: FaultKind
  /** web, leader, standby, database, fleet-1…, agent-1…, engine-1… */
  targets: string[]
  forMs: number
  /** For a clock: milliseconds that it is set forward, or back when negative. */
  stepMs?: number
}

interface ScheduleOptions {
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
  /** Shortest and longest duration, in seconds. */
  seconds: readonly [number, number]
  /** One in this many faults lasts as long as `longSeconds`, so that nodes are given up meanwhile. */
  longOneIn?: number
  longSeconds?: readonly [number, number]
}

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}-${index + 1}`)

/**
 * The faults of programs and their weights. Short restarts dominate, so that the next kill finds something to kill.
 */
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

/** The faults around the programs, which happen in addition. */
const kindsAround = ({ fleets, engines }: ScheduleOptions): Kind[] => {
  const [agents, hosts] = [
    [...numbered('fleet', fleets), ...numbered('agent', engines)],
    [...numbered('fleet', fleets), ...numbered('engine', engines)],
  ]
  return [
    { kind: 'clone', weight: 3, targets: agents, seconds: [12, 18] },
    { kind: 'clock', weight: 3, targets: agents, seconds: [6, 25] },
    { kind: 'freeze', weight: 3, targets: hosts, seconds: [4, 20] },
    { kind: 'obstruct', weight: 3, targets: hosts, seconds: [5, 18] },
    { kind: 'overload', weight: 3, targets: ['web'], seconds: [6, 12], longOneIn: 2, longSeconds: [21, 40] },
  ]
}

/** These faults are further apart, because most of them last longer. */
const gapAround = 1.25
/** An arbitrary number, for which the run of the tests (seed 760, 75 s) contains each of these kinds. */
const aroundSalt = 17_734

/** How long a target is left alone after a fault was undone. */
const restMs = 1_500
const firstAtMs = 1_000

/** Sorted by time. Each fault is undone within the duration. */
export function planFaults(options: ScheduleOptions): Fault[] {
  const attacks = new Attacks(options.durationMs)
  attacks.plan(kindsOf(options), options.gapMs, seeded(options.seed))
  attacks.plan(kindsAround(options), options.gapMs * gapAround, seeded(hash(options.seed, 'around', aroundSalt)))
  return attacks.faults.sort((a, b) => a.atMs - b.atMs)
}

class Attacks {
  readonly faults: Fault[] = []
  private readonly busy = new Map<string, { fromMs: number; untilMs: number }[]>()

  constructor(private readonly durationMs: number) {}

  /** Skips targets that are under attack already. */
  plan(kinds: Kind[], gapMs: number, random: Random): void {
    for (let atMs = firstAtMs; atMs < this.durationMs; atMs += between(random(), 0.3, 1.7) * gapMs) {
      const possible = kinds.filter((kind) => kind.targets.some((target) => this.isFree(target, atMs, atMs)))
      const kind = weighted(possible, random)
      if (!kind) continue
      const forMs = lengthOf(kind, random)
      const free = kind.targets.filter((target) => this.isFree(target, atMs, atMs + forMs + restMs))
      const targets = kind.kind === 'storm' ? outageOf(kind.targets, free) : pickOne(free, random)
      const step = kind.kind === 'clock' ? { stepMs: stepOf(random) } : {}
      // The numbers are drawn all the same, so that a longer run begins as a shorter one does.
      if (targets.length === 0 || atMs + forMs > this.durationMs) continue
      for (const target of targets) {
        const times = this.busy.get(target) ?? []
        this.busy.set(target, [...times, { fromMs: atMs, untilMs: atMs + forMs + restMs }])
      }
      this.faults.push({ atMs: Math.round(atMs), kind: kind.kind, targets, forMs: Math.round(forMs), ...step })
    }
  }

  private isFree(target: string, fromMs: number, untilMs: number): boolean {
    return (this.busy.get(target) ?? []).every((time) => time.untilMs <= fromMs || time.fromMs > untilMs)
  }
}

/** A clock that is slightly wrong, or set to another hour. */
const stepsMs = [7_000, 45_000, 3_600_000] as const

const stepOf = (random: Random): number => {
  const step = stepsMs[Math.floor(random() * stepsMs.length)] ?? 0
  return random() < 0.5 ? -step : step
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

/** More than half of the fleet at once, or none when too many programs are under attack already. */
const outageOf = (all: string[], free: string[]): string[] => {
  const needed = Math.floor(all.length / 2) + 1
  return free.length < needed ? [] : free.slice(0, needed)
}

/** What is done to which targets, and for how long. */
export const faultMessage = ({ kind, targets, forMs, stepMs }: Omit<Fault, 'atMs'>): string => {
  const step = stepMs === undefined ? '' : ` by ${stepMs / 1000} s`
  return `${kind.padEnd(8)} ${targets.join(', ')}${step} for ${(forMs / 1000).toFixed(1)} s`
}

/** One line per fault. */
export const describeFault = (fault: Fault): string =>
  `${(fault.atMs / 1000).toFixed(1).padStart(8)} s  ${faultMessage(fault)}`

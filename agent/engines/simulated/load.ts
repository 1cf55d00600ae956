/**
 * The load of a simulated node: its own programs, a share of what its containers requested, and slow waves. A pure
 * function of the seed, the names and the time, so that the same fleet always shows the same load.
 */
import { between, chanceOf } from '@/agent/lib/random'

interface LoadOf {
  seed: number
  node: string
  capacity: { cpuCores: number; memoryMb: number }
  containers: { id: string; cpuMillis: number; memoryMb: number; startedAt: number }[]
}

export const loadAt = (now: number, of: LoadOf): { cpuPercent: number; memoryPercent: number } => {
  const chance = (what: string) => chanceOf(of.seed, of.node, what)
  let cpuMillis = 0
  let memoryMb = 0
  for (const each of of.containers) {
    const own = (what: string) => chanceOf(of.seed, each.id, what)
    const share = between(own('cpu'), 0.15, 0.75) * (1 + 0.3 * wave(now, own('period'), own('phase'), 2, 8))
    cpuMillis += each.cpuMillis * share
    // Programs fill their memory during their first minute.
    const filled = Math.min(1, 0.4 + (now - each.startedAt) / 100_000)
    memoryMb += each.memoryMb * between(own('memory'), 0.35, 0.85) * filled
  }
  const cpuBase = between(chance('cpu'), 3, 14) + between(chance('swing'), 1, 5) * nodeWave(now, of, 'cpu')
  const memoryBase = between(chance('memory'), 12, 28) + 1.5 * nodeWave(now, of, 'memory')
  return {
    cpuPercent: percentOf(cpuBase + noise(now, of) + cpuMillis / (10 * of.capacity.cpuCores)),
    memoryPercent: percentOf(memoryBase + (100 * memoryMb) / of.capacity.memoryMb),
  }
}

const nodeWave = (now: number, of: LoadOf, what: string): number =>
  wave(now, chanceOf(of.seed, of.node, what, 'period'), chanceOf(of.seed, of.node, what, 'phase'), 5, 20)

/** A wave from -1 to 1 with a period between the given numbers of minutes. */
const wave = (now: number, period: number, phase: number, minMinutes: number, maxMinutes: number): number =>
  Math.sin(2 * Math.PI * (now / (between(period, minMinutes, maxMinutes) * 60_000) + phase))

/** Small noise that changes every 10 seconds, interpolated without jumps. */
const noise = (now: number, of: LoadOf): number => {
  const step = now / 10_000
  const from = chanceOf(of.seed, of.node, 'noise', Math.floor(step))
  const to = chanceOf(of.seed, of.node, 'noise', Math.floor(step) + 1)
  return 3 * (from + (to - from) * (step - Math.floor(step))) - 1.5
}

const percentOf = (value: number): number => Math.round(Math.min(100, Math.max(0, value)) * 10) / 10

/** The request, and what it makes of nodes and of groups of them: room, bounds of the score, scores. */
import {
  blockOf,
  capacityCpu,
  capacityMemory,
  freeCpu,
  freeGpu,
  freeMemory,
  freeStorage,
  idle,
  invertedCpu,
  invertedMemory,
  narrowOf,
  place,
  wideOf,
} from './memory'

/**
 * Bounds are computed in another order than scores, so that both may be off by a few units in the last place. With
 * shares and weights of at most 1 that is below 1e-15.
 */
export const slack: f64 = 1e-12

export let wanted: i32 = 0
/** A table of bytes by label set, or 0 when all are allowed. */
export let allowed: usize = 0
/** Where a search remembers what it found: a count, and as many slots. */
export let lastFound: usize = 0

let cpu: f64 = 0
let memoryMb: f64 = 0
let storageNeeded: f64 = 0
let gpuNeeded: f64 = 0
let bases: usize = 0
let places: usize = 0
let resourcesWeight: f64 = 0
let loadWeight: f64 = 0
let packing: bool = false
let cpuFactor: f64 = 0
let memoryFactor: f64 = 0

/** CPU and memory must be asked for. */
export function setRequest(
  replicas: i32,
  cpuAsked: f64,
  memoryAsked: f64,
  storageAsked: f64,
  gpuAsked: f64,
  allowedAt: usize,
): void {
  wanted = replicas
  cpu = cpuAsked
  memoryMb = memoryAsked
  // What is not asked for cannot be short.
  storageNeeded = storageAsked > 0 ? storageAsked : -Infinity
  gpuNeeded = gpuAsked > 0 ? gpuAsked : -Infinity
  allowed = allowedAt
}

/** After the request. `placesAt` is a table of what each place adds to a score. */
export function setScoring(
  basesAt: usize,
  placesAt: usize,
  lastFoundAt: usize,
  resources: f64,
  load: f64,
  packs: bool,
): void {
  bases = basesAt
  places = placesAt
  lastFound = lastFoundAt
  resourcesWeight = resources
  loadWeight = load
  packing = packs
  cpuFactor = (resources / 2) * cpu
  memoryFactor = (resources / 2) * memoryMb
}

/** Which of two lanes have so much of one column, and of another. */
function atLeast(first: usize, asked: v128, second: usize, alsoAsked: v128): v128 {
  return v128.and(f64x2.ge(v128.load(first), asked), f64x2.ge(v128.load(second), alsoAsked))
}

/** Eight lanes as bits. */
function bitsOf(first: v128, second: v128, third: v128, fourth: v128): i32 {
  const low = i64x2.bitmask(first) | (i64x2.bitmask(second) << 2)
  return low | (i64x2.bitmask(third) << 4) | (i64x2.bitmask(fourth) << 6)
}

// The next functions are written out, without loops: most of the time of a decision is theirs.

/** Which lanes of a group have room, as bits. */
export function freeIn(group: i32): i32 {
  const block = blockOf(group)
  const cpuAsked = f64x2.splat(cpu)
  const memoryAsked = f64x2.splat(memoryMb)
  const cpuAt = block + freeCpu
  const memoryAt = block + freeMemory
  const first = atLeast(cpuAt, cpuAsked, memoryAt, memoryAsked)
  const second = atLeast(cpuAt + 16, cpuAsked, memoryAt + 16, memoryAsked)
  const third = atLeast(cpuAt + 32, cpuAsked, memoryAt + 32, memoryAsked)
  const fourth = atLeast(cpuAt + 48, cpuAsked, memoryAt + 48, memoryAsked)
  if (!v128.any_true(v128.or(v128.or(first, second), v128.or(third, fourth)))) return 0
  const storageAsked = f64x2.splat(storageNeeded)
  const gpuAsked = f64x2.splat(gpuNeeded)
  const storageAt = block + freeStorage
  const gpuAt = block + freeGpu
  return bitsOf(
    v128.and(first, atLeast(storageAt, storageAsked, gpuAt, gpuAsked)),
    v128.and(second, atLeast(storageAt + 16, storageAsked, gpuAt + 16, gpuAsked)),
    v128.and(third, atLeast(storageAt + 32, storageAsked, gpuAt + 32, gpuAsked)),
    v128.and(fourth, atLeast(storageAt + 48, storageAsked, gpuAt + 48, gpuAsked)),
  )
}

/** What the place of an entry adds to scores. */
function contribution(entry: i32): f64 {
  return load<f64>(places + ((<usize>load<i32>(narrowOf(entry), place)) << 3))
}

function contributions(entry: i32): v128 {
  return f64x2.replace_lane(f64x2.splat(contribution(entry)), 1, contribution(entry + 1))
}

/**
 * No score of a node below two lanes is greater, but for rounding: the greatest base, less the least that the request
 * takes away (or with the most that it adds, when packing), and what the place adds.
 */
function limit(base: usize, block: usize, added: v128): v128 {
  const cpuPart = f64x2.splat(cpuFactor)
  const memoryPart = f64x2.splat(memoryFactor)
  const most = f64x2.add(v128.load(base), added)
  if (packing) {
    const cpuGain = f64x2.div(cpuPart, v128.load(block, capacityCpu))
    return f64x2.add(f64x2.add(most, cpuGain), f64x2.div(memoryPart, v128.load(block, capacityMemory)))
  }
  const cpuLoss = f64x2.mul(cpuPart, v128.load(block, invertedCpu))
  return f64x2.sub(f64x2.sub(most, cpuLoss), f64x2.mul(memoryPart, v128.load(block, invertedMemory)))
}

/** Which lanes of a group have room and may reach `worst`, as bits; writes the bounds of all lanes to `to`. */
export function boundsOf(group: i32, worst: f64, to: usize): i32 {
  const space = freeIn(group)
  if (space === 0) return 0
  const block = blockOf(group)
  const entry = group << 3
  let added0 = f64x2.splat(contribution(entry))
  let added1 = added0
  let added2 = added0
  let added3 = added0
  // Nearly always all lanes are in one place.
  const some = v128.load(block, place)
  const first = i32x4.splat(i32x4.extract_lane(some, 0))
  if (!i32x4.all_true(v128.and(i32x4.eq(some, first), i32x4.eq(v128.load(block, place + 16), first)))) {
    added0 = contributions(entry)
    added1 = contributions(entry + 2)
    added2 = contributions(entry + 4)
    added3 = contributions(entry + 6)
  }
  const base = bases + (entry << 3)
  const limit0 = limit(base, block, added0)
  const limit1 = limit(base + 16, block + 16, added1)
  const limit2 = limit(base + 32, block + 32, added2)
  const limit3 = limit(base + 48, block + 48, added3)
  v128.store(to, limit0)
  v128.store(to, limit1, 16)
  v128.store(to, limit2, 32)
  v128.store(to, limit3, 48)
  const floor = f64x2.splat(worst - slack)
  return (
    space & bitsOf(f64x2.ge(limit0, floor), f64x2.ge(limit1, floor), f64x2.ge(limit2, floor), f64x2.ge(limit3, floor))
  )
}

/**
 * A bound of an entry with room that is computed with the operations of a score in their order, each of which is
 * monotone also after rounding: where all nodes below are alike it is their score, to the last bit. Elsewhere it is
 * the weaker one, as its parts come from different nodes. (It does not hold when packing.)
 */
export function exactBound(entry: i32): f64 {
  const at = wideOf(entry)
  const cpuShare = (load<f64>(at, freeCpu) - cpu) / load<f64>(at, capacityCpu)
  const memoryShare = (load<f64>(at, freeMemory) - memoryMb) / load<f64>(at, capacityMemory)
  const left = (cpuShare + memoryShare) / 2
  return resourcesWeight * left + loadWeight * load<f64>(at, idle) + contribution(entry)
}

export function hasExactBounds(): bool {
  return !packing
}

/** The score of a node, with the operations of core/scheduler/scoring/score.ts in their order. */
export function scoreOf(entry: i32): f64 {
  if (!packing) return exactBound(entry)
  const at = wideOf(entry)
  const cpuShare = (load<f64>(at, freeCpu) - cpu) / load<f64>(at, capacityCpu)
  const memoryShare = (load<f64>(at, freeMemory) - memoryMb) / load<f64>(at, capacityMemory)
  const value = 1 - (cpuShare + memoryShare) / 2
  return resourcesWeight * value + loadWeight * load<f64>(at, idle) + contribution(entry)
}

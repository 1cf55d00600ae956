/** Keeps the tree true to the columns: what was flagged is worked out anew, and above it only as far as it matters. */
import {
  blockOf,
  capacityCpu,
  capacityMemory,
  firstLeaf,
  flags,
  freeCpu,
  freeGpu,
  freeMemory,
  freeStorage,
  idle,
  invertedCpu,
  invertedMemory,
  leafGroups,
  narrowOf,
  noRank,
  place,
  policies,
  policyBytes,
  policyConstant,
  policyCount,
  policyLoad,
  policyShares,
  queue,
  rank,
  ranks,
  rawColumn,
  rawCpuCapacity,
  rawCpuFree,
  rawCpuInverse,
  rawCpuUnseen,
  rawCpuUsage,
  rawGate,
  rawGpuFree,
  rawIdle,
  rawMemoryCapacity,
  rawMemoryFree,
  rawMemoryInverse,
  rawMemoryUnseen,
  rawMemoryUsage,
  rawStorageFree,
  wideOf,
} from './memory'

/** Set in a flag when also capacities, ranks or gates changed. */
const wholeFlag: u8 = 2

function basesOf(policy: i32): usize {
  return <usize>load<u32>(policies + <usize>policy * policyBytes)
}

/** Makes a group that sums up others empty, for `most` policies. */
export function clear(group: i32, most: i32): void {
  const block = blockOf(group)
  for (let lane: usize = 0; lane < 64; lane += 8) {
    for (let column = invertedCpu; column <= invertedMemory; column += 64) store<f64>(block + column + lane, Infinity)
    for (let column = freeCpu; column <= idle; column += 64) store<f64>(block + column + lane, -Infinity)
    for (let column = capacityCpu; column <= capacityMemory; column += 64) store<f64>(block + column + lane, Infinity)
    store<i32>(block + (lane >> 1), noRank, rank)
    store<i32>(block + (lane >> 1), 0, place)
    for (let policy: i32 = 0; policy < most; policy++)
      store<f64>(basesOf(policy) + ((<usize>group) << 6) + lane, -Infinity)
  }
}

/** The usage in percent with what no heartbeat has seen yet; the order of operations is that of core/scheduler/scoring/score.ts. */
function used(usage: v128, unseen: v128, capacity: v128): v128 {
  const hundred = f64x2.splat(100)
  // Mostly all was seen, and division is slow.
  const whole = v128.any_true(unseen) ? f64x2.add(usage, f64x2.div(f64x2.mul(hundred, unseen), capacity)) : usage
  return f64x2.pmin(hundred, f64x2.pmax(f64x2.splat(0), whole))
}

function raw(column: usize, at: usize): v128 {
  return v128.load(rawColumn(column) + at)
}

/** Works out the lanes of a group of nodes from the columns. */
function derive(group: i32, whole: bool): void {
  const hundred = f64x2.splat(100)
  const infinity = f64x2.splat(Infinity)
  for (let lane: usize = 0; lane < 64; lane += 16) {
    const at = ((<usize>(group - firstLeaf)) << 6) + lane
    const to = blockOf(group) + lane
    const gate = raw(rawGate, at)
    const cpu = raw(rawCpuCapacity, at)
    const memory = raw(rawMemoryCapacity, at)
    const cpuFree = raw(rawCpuFree, at)
    const memoryFree = raw(rawMemoryFree, at)
    const cpuIdle = f64x2.div(f64x2.sub(hundred, used(raw(rawCpuUsage, at), raw(rawCpuUnseen, at), cpu)), hundred)
    const memoryIdle = f64x2.div(
      f64x2.sub(hundred, used(raw(rawMemoryUsage, at), raw(rawMemoryUnseen, at), memory)),
      hundred,
    )
    const idleShare = f64x2.mul(f64x2.add(cpuIdle, memoryIdle), f64x2.splat(0.5))
    v128.store(rawColumn(rawIdle) + at, idleShare)
    v128.store(to, f64x2.add(cpuFree, gate), freeCpu)
    v128.store(to, f64x2.add(memoryFree, gate), freeMemory)
    v128.store(to, f64x2.add(raw(rawStorageFree, at), gate), freeStorage)
    v128.store(to, f64x2.add(raw(rawGpuFree, at), gate), freeGpu)
    v128.store(to, f64x2.add(idleShare, gate), idle)
    const perCpu = raw(rawCpuInverse, at)
    const perMemory = raw(rawMemoryInverse, at)
    if (whole) {
      const open = f64x2.eq(gate, f64x2.splat(0))
      v128.store(to, v128.bitselect(perCpu, infinity, open), invertedCpu)
      v128.store(to, v128.bitselect(perMemory, infinity, open), invertedMemory)
      v128.store(to, v128.bitselect(cpu, infinity, open), capacityCpu)
      v128.store(to, v128.bitselect(memory, infinity, open), capacityMemory)
    }
    const shares = f64x2.add(f64x2.mul(cpuFree, perCpu), f64x2.mul(memoryFree, perMemory))
    for (let policy: i32 = 0; policy < policyCount; policy++) {
      const row = policies + <usize>policy * policyBytes
      const loadPart = f64x2.mul(v128.load64_splat(row, policyLoad), idleShare)
      const sharesPart = f64x2.mul(v128.load64_splat(row, policyShares), shares)
      const base = f64x2.add(f64x2.add(f64x2.add(v128.load64_splat(row, policyConstant), sharesPart), loadPart), gate)
      v128.store(basesOf(policy) + ((<usize>group) << 6) + lane, base)
    }
  }
}

function deriveRanks(group: i32): void {
  for (let entry = group << 3; entry < (group + 1) << 3; entry++) {
    const slot = <usize>(entry - (firstLeaf << 3))
    const open = load<f64>(rawColumn(rawGate) + (slot << 3)) === 0
    store<i32>(narrowOf(entry), open ? load<i32>(ranks + (slot << 2)) : noRank, rank)
  }
}

// The pseudo-maximum and -minimum are one instruction each; they differ from the true ones in what they make of NaN,
// which no column has.

function greatest(at: usize): f64 {
  const left = f64x2.pmax(v128.load(at), v128.load(at, 16))
  const all = f64x2.pmax(left, f64x2.pmax(v128.load(at, 32), v128.load(at, 48)))
  const even = f64x2.extract_lane(all, 0)
  const odd = f64x2.extract_lane(all, 1)
  return even > odd ? even : odd
}

function least(at: usize): f64 {
  const left = f64x2.pmin(v128.load(at), v128.load(at, 16))
  const all = f64x2.pmin(left, f64x2.pmin(v128.load(at, 32), v128.load(at, 48)))
  const even = f64x2.extract_lane(all, 0)
  const odd = f64x2.extract_lane(all, 1)
  return even < odd ? even : odd
}

/** Whether the value is new there, as 0 or 1: branches would be guessed wrong half of the time. */
function put(at: usize, value: f64): i32 {
  const changed: i32 = load<f64>(at) === value ? 0 : 1
  store<f64>(at, value)
  return changed
}

/** Sums up a group in the entry above it; says whether that changed anything. */
function summarise(group: i32, whole: bool): bool {
  const entry = group - 1
  const from = blockOf(group)
  const to = wideOf(entry)
  let changed = put(to + freeCpu, greatest(from + freeCpu))
  changed |= put(to + freeMemory, greatest(from + freeMemory))
  changed |= put(to + freeStorage, greatest(from + freeStorage))
  changed |= put(to + freeGpu, greatest(from + freeGpu))
  changed |= put(to + idle, greatest(from + idle))
  for (let policy: i32 = 0; policy < policyCount; policy++) {
    const bases = basesOf(policy)
    changed |= put(bases + ((<usize>entry) << 3), greatest(bases + ((<usize>group) << 6)))
  }
  if (!whole) return changed !== 0
  changed |= put(to + invertedCpu, least(from + invertedCpu))
  changed |= put(to + invertedMemory, least(from + invertedMemory))
  changed |= put(to + capacityCpu, least(from + capacityCpu))
  changed |= put(to + capacityMemory, least(from + capacityMemory))
  let first = noRank
  for (let lane: usize = 0; lane < 32; lane += 4) first = min(first, load<i32>(from + lane, rank))
  changed |= load<i32>(narrowOf(entry), rank) === first ? 0 : 1
  store<i32>(narrowOf(entry), first, rank)
  return changed !== 0
}

/** Works off the first `length` groups of the queue, and those above them. */
export function refresh(length: i32): void {
  // With many, the order in which they lie is faster than that in which they changed.
  if (length > leafGroups >> 3) {
    length = 0
    for (let group = firstLeaf; group < firstLeaf + leafGroups; group++)
      if (load<u8>(flags + group) !== 0) store<i32>(queue + (length++ << 2), group)
  }
  for (let at: i32 = 0; at < length; at++) {
    const group = load<i32>(queue + (at << 2))
    const flag = load<u8>(flags + group)
    const whole = (flag & wholeFlag) !== 0
    store<u8>(flags + group, 0)
    if (group >= firstLeaf) {
      derive(group, whole)
      if (whole) deriveRanks(group)
    }
    if (group === 0 || !summarise(group, whole)) continue
    // Parents come after all their children: the queue is worked off level by level.
    const parent = (group - 1) >> 3
    const parentFlag = load<u8>(flags + parent)
    if (parentFlag === 0) store<i32>(queue + (length++ << 2), parent)
    store<u8>(flags + parent, parentFlag | flag)
  }
}

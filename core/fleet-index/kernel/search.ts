/** Finds the best nodes for a request: branch and bound over the tree, or a sweep over all groups of nodes. */
import { allowed, boundsOf, exactBound, freeIn, hasExactBounds, lastFound, scoreOf, slack, wanted } from './bounds'
import {
  blockOf,
  excluded,
  firstLeaf,
  foundRanks,
  foundScores,
  foundSlots,
  labelSets,
  leafGroups,
  narrowOf,
  noRank,
  rank,
  scratch,
  stack,
} from './memory'

/** Below every score of a node that takes replicas, above the bound of one that does not. */
const noScore: f64 = -1e300
/** As many as fit into 64 bytes, with their number. */
const mostKept: i32 = 15

let count: i32 = 0
/** The worst that is good enough: as many nodes as are wanted are known to be no worse. */
let worst: f64 = 0
/** Among equals, a node must come before this one by name. */
let worstRank: i32 = 0
let top: usize = 0
let visits: i32 = 0
/** Nodes looked at since the start; none of them twice. */
let examined: i32 = 0

function forget(): void {
  count = 0
  worst = noScore
  worstRank = noRank
}

/** Drops what was found, but not how good it was: it will be found again. */
function startOver(): void {
  count = 0
  worstRank = worst === noScore ? noRank : worstRank + 1
  examined = 0
}

/** Keeps the best, sorted; the number wanted is small. */
function keep(slot: i32, score: f64, nodeRank: i32): void {
  if (score < worst || (score === worst && nodeRank >= worstRank)) return
  let at = count < wanted ? count++ : wanted - 1
  for (; at > 0; at--) {
    const other = load<f64>(foundScores + ((at - 1) << 3))
    const otherRank = load<i32>(foundRanks + ((at - 1) << 2))
    if (other > score || (other === score && otherRank < nodeRank)) break
    store<f64>(foundScores + (at << 3), other)
    store<i32>(foundRanks + (at << 2), otherRank)
    store<i32>(foundSlots + (at << 2), load<i32>(foundSlots + ((at - 1) << 2)))
  }
  store<f64>(foundScores + (at << 3), score)
  store<i32>(foundRanks + (at << 2), nodeRank)
  store<i32>(foundSlots + (at << 2), slot)
  if (count < wanted) return
  worst = load<f64>(foundScores + ((wanted - 1) << 3))
  worstRank = load<i32>(foundRanks + ((wanted - 1) << 2))
}

/** Looks at a node that has room. */
function consider(entry: i32): void {
  const slot = entry - (firstLeaf << 3)
  if (load<u8>(excluded + slot) !== 0) return
  if (allowed !== 0 && load<u8>(allowed + load<i32>(labelSets + (slot << 2))) === 0) return
  keep(slot, scoreOf(entry), load<i32>(narrowOf(entry), rank))
}

/** Looks at eight nodes, and remembers those that were promising. */
function inspect(group: i32): void {
  let mask = boundsOf(group, worst, scratch + 64)
  for (; mask !== 0; mask &= mask - 1) {
    const entry = (group << 3) + ctz(mask)
    store<i32>(lastFound + ((1 + (examined++ % mostKept)) << 2), entry - (firstLeaf << 3))
    consider(entry)
  }
}

/** What was best for the last request of this kind is mostly still good, which sets a mark from the start. */
function recall(): void {
  const known = load<i32>(lastFound)
  for (let at: i32 = 0; at < known; at++) {
    const entry = load<i32>(lastFound + ((at + 1) << 2)) + (firstLeaf << 3)
    if ((freeIn(entry >> 3) & (1 << (entry & 7))) !== 0) consider(entry)
  }
  startOver()
}

function saveFound(): void {
  store<i32>(lastFound, min(examined, mostKept))
}

/**
 * Whether something below an entry may be better than the worst that is kept. When the bound is as good as equal to
 * that, the exact one decides, so that ties can go by name.
 */
function mayBeat(bound: f64, entry: i32): bool {
  if (bound + slack < worst) return false
  if (bound - slack > worst || !hasExactBounds()) return true
  const exact = exactBound(entry)
  return exact > worst || (exact === worst && load<i32>(narrowOf(entry), rank) < worstRank)
}

/** Puts the promising lanes of a group on the stack (bound, entry, rank), the best on top, equals by name. */
function expand(group: i32): void {
  let mask = boundsOf(group, worst, scratch)
  const bottom = top
  for (; mask !== 0; mask &= mask - 1) {
    const lane = ctz(mask)
    const bound = load<f64>(scratch + (lane << 3))
    const first = load<i32>(blockOf(group) + (lane << 2), rank)
    let at = top
    for (; at > bottom; at -= 16) {
      const other = load<f64>(at - 16)
      if (other < bound || (other === bound && load<i32>(at - 4) > first)) break
      v128.store(at, v128.load(at - 16))
    }
    store<f64>(at, bound)
    store<i32>(at, (group << 3) + lane, 8)
    store<i32>(at, first, 12)
    top += 16
  }
}

function visit(group: i32): void {
  visits++
  if (group >= firstLeaf) inspect(group)
  else expand(group)
}

/** How many of the wanted nodes were found; -1 when it would take more visits than `most`: then sweep. */
export function search(most: i32): i32 {
  forget()
  recall()
  visits = 0
  top = stack
  visit(0)
  while (top > stack) {
    top -= 16
    const entry = load<i32>(top, 8)
    if (!mayBeat(load<f64>(top), entry)) continue
    if (visits >= most) return -1
    visit(entry + 1)
  }
  saveFound()
  return count
}

/** Looks at all nodes in the order in which they lie, but for groups that cannot matter; also after a search. */
export function sweep(afterSearch: bool): i32 {
  if (afterSearch) {
    startOver()
  } else {
    forget()
    recall()
  }
  if (firstLeaf === 0) {
    inspect(0)
  } else {
    const last = (firstLeaf + leafGroups - 2) >> 3
    for (let group = (firstLeaf - 1) >> 3; group <= last; group++) {
      let mask = boundsOf(group, worst, scratch)
      for (; mask !== 0; mask &= mask - 1) {
        const lane = ctz(mask)
        const entry = (group << 3) + lane
        if (mayBeat(load<f64>(scratch + (lane << 3)), entry)) inspect(entry + 1)
      }
    }
  }
  saveFound()
  return count
}

/** How many of eight nodes have room, and labels that are allowed. */
function ableIn(group: i32): i32 {
  let mask = freeIn(group)
  if (allowed === 0) return popcnt(mask)
  let able: i32 = 0
  for (; mask !== 0; mask &= mask - 1) {
    const slot = ((group - firstLeaf) << 3) + ctz(mask)
    able += load<u8>(allowed + load<i32>(labelSets + (slot << 2)))
  }
  return able
}

/** How many nodes can take a replica; nobody is excluded. */
export function countAble(): i32 {
  if (firstLeaf === 0) return ableIn(0)
  let able: i32 = 0
  const last = (firstLeaf + leafGroups - 2) >> 3
  for (let group = (firstLeaf - 1) >> 3; group <= last; group++) {
    let mask = freeIn(group)
    for (; mask !== 0; mask &= mask - 1) able += ableIn((group << 3) + ctz(mask) + 1)
  }
  return able
}

export function visited(): i32 {
  return visits
}

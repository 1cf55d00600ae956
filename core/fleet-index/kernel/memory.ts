/**
 * Where everything lies in the memory that the kernel shares with ../memory.ts.
 *
 * A group is eight nodes, or eight groups summed up. Group 0 is the root; lane `l` of group `g` sums up group
 * `8g + l + 1`; groups from `firstLeaf` on hold nodes. An entry is one lane of one group: `8g + l`, so that the group
 * below entry `e` is `e + 1`.
 *
 * A group's block is a row of columns with eight lanes each. For a node they are its own numbers; for a group below
 * they are bounds: nothing below has a smaller inverse capacity, more room, less load, and so on. A node that is shut
 * has the worst of everything, and so have lanes without a node.
 */
export const invertedCpu: usize = 0
export const invertedMemory: usize = 64
export const freeCpu: usize = 128
export const freeMemory: usize = 192
export const freeStorage: usize = 256
export const freeGpu: usize = 320
/** The load part of a score: the greatest. */
export const idle: usize = 384
/** Capacity, the smallest; infinite where there is none, so that shares of it come out as 0. */
export const capacityCpu: usize = 448
export const capacityMemory: usize = 512
/** Place in the order of names, the smallest (32 bits). */
export const rank: usize = 576
/** Number in the tables of localities (32 bits). */
export const place: usize = 608
export const blockBytes: usize = 640

export const noRank: i32 = i32.MAX_VALUE

/** Columns of ../memory.ts, one double per node. */
export const rawCpuCapacity: usize = 0
export const rawMemoryCapacity: usize = 1
export const rawCpuFree: usize = 2
export const rawMemoryFree: usize = 3
export const rawStorageFree: usize = 4
export const rawGpuFree: usize = 5
export const rawCpuUsage: usize = 6
export const rawMemoryUsage: usize = 7
export const rawCpuUnseen: usize = 8
export const rawMemoryUnseen: usize = 9
export const rawGate: usize = 10
export const rawIdle: usize = 11
export const rawCpuInverse: usize = 12
export const rawMemoryInverse: usize = 13

/** A policy's row: the address of its bases (32 bits), then three doubles. */
export const policyBytes: usize = 32
export const policyConstant: usize = 8
export const policyShares: usize = 16
export const policyLoad: usize = 24

export let firstLeaf: i32 = 0
export let leafGroups: i32 = 0
export let blocks: usize = 0
export let ranks: usize = 0
export let labelSets: usize = 0
export let excluded: usize = 0
export let flags: usize = 0
export let queue: usize = 0
export let policies: usize = 0
export let policyCount: i32 = 0
export let scratch: usize = 0
export let stack: usize = 0
export let foundScores: usize = 0
export let foundSlots: usize = 0
export let foundRanks: usize = 0
let columns: usize = 0
let columnBytes: usize = 0

export function setTree(first: i32, leaves: i32, blocksAt: usize, flagsAt: usize, queueAt: usize): void {
  firstLeaf = first
  leafGroups = leaves
  blocks = blocksAt
  flags = flagsAt
  queue = queueAt
}

export function setColumns(at: usize, bytes: usize, ranksAt: usize, labelSetsAt: usize, excludedAt: usize): void {
  columns = at
  columnBytes = bytes
  ranks = ranksAt
  labelSets = labelSetsAt
  excluded = excludedAt
}

export function setPolicies(at: usize, count: i32): void {
  policies = at
  policyCount = count
}

export function setWorkspace(scratchAt: usize, stackAt: usize, foundAt: usize, most: i32): void {
  scratch = scratchAt
  stack = stackAt
  foundScores = foundAt
  foundSlots = foundScores + 8 * most
  foundRanks = foundSlots + 4 * most
}

export function blockOf(group: i32): usize {
  return blocks + <usize>group * blockBytes
}

/** A double of an entry is at this address plus the column's offset. */
export function wideOf(entry: i32): usize {
  return blockOf(entry >> 3) + ((entry & 7) << 3)
}

/** A 32-bit integer of an entry is at this address plus the column's offset. */
export function narrowOf(entry: i32): usize {
  return blockOf(entry >> 3) + ((entry & 7) << 2)
}

export function rawColumn(column: usize): usize {
  return columns + column * columnBytes
}

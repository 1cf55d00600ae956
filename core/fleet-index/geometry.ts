/**
 * The numbers of the tree: group 0 is the root, lane `l` of group `g` sums up group `8g + l + 1`, and from `firstLeaf`
 * on groups hold nodes: slot `s` is lane `s & 7` of group `firstLeaf + (s >> 3)`. An entry is a lane of a group,
 * `8g + l`, so that the group below entry `e` is `e + 1`.
 */
export interface Geometry {
  firstLeaf: number
  leafGroups: number
  /** One more than the last group. */
  groups: number
}

export function geometryFor(slots: number): Geometry {
  const leafGroups = Math.max(1, Math.ceil(slots / 8))
  let firstLeaf = 0
  for (let width = 1; width < leafGroups; width *= 8) firstLeaf += width
  return { firstLeaf, leafGroups, groups: firstLeaf + leafGroups }
}

/** Groups that sum up others, those before their parents. There are gaps in the numbers: no level is full at its end. */
export function* innerGroups({ firstLeaf, groups }: Geometry): Generator<number> {
  let first = firstLeaf
  let last = groups - 1
  while (first > 0) {
    first = (first - 1) >> 3
    last = (last - 1) >> 3
    for (let group = first; group <= last; group++) yield group
  }
}

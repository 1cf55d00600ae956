/** Finds cycles of dependencies. */

/** Each node with the nodes that it depends on. */
type Graph = ReadonlyMap<string, ReadonlySet<string>>

/**
 * One cycle for each group of nodes that all depend on one another. The first node is repeated at the end. Tarjan's
 * algorithm finds the groups ("Depth-first search and linear graph algorithms", 1972).
 */
export function circlesOf(graph: Graph): string[][] {
  const found = new Map<string, { at: number; low: number; open: boolean }>()
  const path: string[] = []
  const groups: string[][] = []
  const visit = (name: string): { low: number } => {
    const here = { at: found.size, low: found.size, open: true }
    found.set(name, here)
    path.push(name)
    for (const next of graph.get(name) ?? []) {
      const there = found.get(next)
      if (!there) here.low = Math.min(here.low, visit(next).low)
      else if (there.open) here.low = Math.min(here.low, there.at)
    }
    if (here.low === here.at) {
      const group = path.splice(path.indexOf(name))
      for (const one of group) Object.assign(found.get(one) ?? {}, { open: false })
      if (group.length > 1) groups.push(group)
    }
    return here
  }
  for (const name of graph.keys()) if (!found.has(name)) visit(name)
  return groups.map((group) => wayRound(graph, group))
}

/** A shortest path from the first node of the group (by name) back to itself, within the group. */
function wayRound(graph: Graph, group: readonly string[]): string[] {
  const members = new Set(group)
  const start = [...group].sort()[0] ?? ''
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const name of queue)
    for (const next of graph.get(name) ?? []) {
      if (next === start) return [...pathTo(name, start, cameFrom), start]
      if (!members.has(next) || cameFrom.has(next)) continue
      cameFrom.set(next, name)
      queue.push(next)
    }
  return [start]
}

function pathTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [end]
  for (let name = end; name !== start; ) {
    name = cameFrom.get(name) ?? start
    path.unshift(name)
  }
  return path
}

/** The graph of the rooms: which other rooms the files of a room depend on. */
export function graphOfRooms(graph: Graph, roomOf: (file: string) => string | null): Graph {
  const rooms = new Map<string, Set<string>>()
  for (const [file, needed] of graph) {
    const from = roomOf(file)
    if (from === null) continue
    const targets = rooms.get(from) ?? new Set()
    rooms.set(from, targets)
    for (const one of needed) {
      const to = roomOf(one)
      if (to !== null && to !== from) targets.add(to)
    }
  }
  return rooms
}

/**
 * The whole fleet in one text, for pages that draw all of it: ten thousand nodes are half a megabyte and read within
 * milliseconds, where as many objects would take ten times as much of both.
 */
import { type NodeState, nodeStates } from './list'

export interface MapNode {
  id: string
  nodeId: string
  region: string
  state: NodeState
  /** Whole percent in use; null when it is not known, or was known too long ago. */
  cpuPercent: number | null
  memoryPercent: number | null
  replicas: number
}

export interface NodeMap {
  /** A line per node, by region and name; the fields of `readNodeMap` with a blank between them. */
  text: string
  /** Of each state, whatever state was asked for. */
  counts: Record<NodeState, number>
}

/** What stands in the text for a number that is not known. */
export const unknownMark = '-'

const percentOf = (text: string | undefined): number | null =>
  text === undefined || text === unknownMark ? null : Number(text)

/** Names and regions have no blanks in them: agents that would give such names are refused. */
export function readNodeMap(text: string): MapNode[] {
  if (text === '') return []
  return text.split('\n').map((line) => {
    const [id = '', nodeId = '', region = '', state, cpu, memory, replicas] = line.split(' ')
    return {
      id,
      nodeId,
      region,
      state: nodeStates[Number(state)] ?? 'offline',
      cpuPercent: percentOf(cpu),
      memoryPercent: percentOf(memory),
      replicas: Number(replicas),
    }
  })
}

/**
 * Encodes the whole fleet as one text, for pages that draw all nodes. Ten thousand nodes take half a megabyte and parse
 * within milliseconds; as JSON objects they would take ten times as much of both.
 */
import { type NodeState, nodeStates } from './list'

export interface MapNode {
  id: string
  nodeId: string
  region: string
  state: NodeState
  /** Usage in whole percent; null when unknown or outdated. */
  cpuPercent: number | null
  memoryPercent: number | null
  replicas: number
}

export interface NodeMap {
  /** One line per node, by region and name; `readNodeMap` parses the fields, which are separated by spaces. */
  text: string
  /** Number of nodes in each state, regardless of the filter by state. */
  counts: Record<NodeState, number>
}

/** Stands for an unknown number in the text. */
export const unknownMark = '-'

const percentOf = (text: string | undefined): number | null =>
  text === undefined || text === unknownMark ? null : Number(text)

/** Names and regions contain no spaces: agents with such names are refused. */
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

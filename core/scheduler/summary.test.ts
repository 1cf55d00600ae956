import { describe, expect, it } from 'vitest'
import { defaultPolicy } from '@/core/placement/types'
import { aFleet, aNode, aRequest } from '@/testing/builders'
import { choose } from './select/choose'
import { type ScanStats, summary, topScores } from './summary'

const nodes = [1, 2, 3, 4, 5].map((number) =>
  aNode({
    nodeId: `node-0${number}`,
    capacity: { cpuMillis: 8000, memoryMb: 16384 },
    cpuUsagePercent: 10 + 10 * number,
    memoryUsagePercent: 6 + 10 * number,
  }),
)
const request = aRequest({ deploymentId: 'D', replicas: 3, resources: { cpuMillis: 2000, memoryMb: 2048 } })
const choice = choose(request, aFleet([...nodes, aNode({ nodeId: 'node-00', cordoned: true })]), defaultPolicy)
const statsOf = ({ candidates }: typeof choice): ScanStats => ({
  feasible: candidates.length,
  best: candidates.map(({ node, score }) => ({ nodeId: node.nodeId, score })),
})
const stats = statsOf(choice)

describe('the log lines of a run', () => {
  it('have a fixed wording', () => {
    expect(summary.scheduling(request)).toBe('Scheduling deployment D: 3 replicas, 2.0 CPU, 2048 MB RAM')
    expect(summary.found(request, stats)).toBe('Found 5 nodes with capacity: >=2.0 CPU, >=2048 MB')
    expect(summary.scored(stats)).toBe('Node scoring complete. Top 3: node-01=0.87, node-02=0.84, node-03=0.81')
    expect(summary.selected(choice.chosen)).toBe('Selected 3 nodes for deployment: [node-01, node-02, node-03]')
    const [first] = choice.chosen
    if (!first) throw new Error('three nodes were chosen')
    expect(summary.created('R', first)).toBe('Created replica R on node node-01 (score: 0.87)')
  })

  it('have fewer scores when fewer nodes are feasible, and name a node with several replicas once', () => {
    const twice = { ...request, replicas: 2, maxPerNode: 2 }
    const single = choose(twice, aFleet(nodes.slice(0, 1)), defaultPolicy)
    expect(topScores(statsOf(single).best)).toBe('node-01=0.87')
    expect(summary.selected(single.chosen)).toBe('Selected 1 nodes for deployment: [node-01]')
    expect(topScores(statsOf(choose(request, aFleet([]), defaultPolicy)).best)).toBe('')
  })
})

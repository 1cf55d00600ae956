import { expect, test } from 'vitest'
import { defaultRegions, planFleet } from './fleet-plan'

const plan = (overrides: Partial<Parameters<typeof planFleet>[0]> = {}) =>
  planFleet({ nodes: 12, regions: defaultRegions, seed: 7, prefix: 'node-', ...overrides })

test('the same seed gives the same fleet, and a larger fleet begins with the smaller one', () => {
  expect(plan()).toEqual(plan())
  expect(plan({ nodes: 100 }).slice(0, 12)).toEqual(plan())
  expect(plan({ seed: 8 })).not.toEqual(plan())
})

test('twelve nodes are in five regions, have several sizes, and two have GPUs', () => {
  const nodes = plan()
  expect(nodes.map((node) => node.name).slice(0, 2)).toEqual(['node-01', 'node-02'])
  expect(new Set(nodes.map((node) => node.region))).toEqual(new Set(defaultRegions))
  expect(new Set(nodes.map((node) => node.cpuCores)).size).toBeGreaterThanOrEqual(3)
  expect(nodes.filter((node) => node.gpuUnits > 0)).toHaveLength(2)
  for (const node of nodes) {
    expect(node).toMatchObject({ engine: 'simulated', latitude: expect.any(Number), longitude: expect.any(Number) })
    expect(node.cpuCores).toBeGreaterThanOrEqual(4)
  }
})

test('names are unique in large fleets, and GPUs and regions follow the options', () => {
  const nodes = plan({ nodes: 1_000, gpuNodes: 17, regions: ['here'], prefix: 'n' })
  expect(new Set(nodes.map((node) => node.name)).size).toBe(1_000)
  expect(nodes.at(-1)?.name).toBe('n1000')
  expect(nodes.filter((node) => node.gpuUnits > 0)).toHaveLength(17)
  expect(nodes.every((node) => node.region === 'here' && node.latitude === null)).toBe(true)
  expect(plan({ gpuNodes: 0 }).every((node) => node.gpuUnits === 0)).toBe(true)
})

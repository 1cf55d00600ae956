import { describe, expect, it } from 'vitest'
import { inputLimits, sizeProblem } from './input-size'

const record = (keys: number) => Object.fromEntries(Array.from({ length: keys }, (_, index) => [`k${index}`, index]))
const nested = (depth: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { inner: value }
  return value
}

describe('the size of an input', () => {
  it('is accepted for the largest call of an agent, with 20,000 nodes', () => {
    const beats = Array.from({ length: inputLimits.items }, (_, index) => ({ nodeId: String(index), usage: 3 }))
    expect(sizeProblem({ beats })).toBeNull()
    expect(sizeProblem(undefined)).toBeNull()
    expect(sizeProblem({ labels: record(inputLimits.keys) })).toBeNull()
  })

  it('is refused with the path at which there are too many entries', () => {
    expect(sizeProblem({ nodes: [{ labels: record(inputLimits.keys + 1) }] })).toEqual({
      path: 'nodes.0.labels',
      message: 'At most 1000 entries',
    })
    expect(sizeProblem({ beats: Array(inputLimits.items + 1).fill(1) })).toEqual({
      path: 'beats',
      message: 'At most 20000 items',
    })
  })

  it('is refused if the input is nested too deep, however deep', () => {
    expect(sizeProblem(nested(inputLimits.depth))).toBeNull()
    for (const depth of [inputLimits.depth + 2, 1_000_000])
      expect(sizeProblem(nested(depth))?.message).toBe('Nested more than 20 levels deep')
  })
})

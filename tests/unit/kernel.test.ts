import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { instantiate } from '@/core/fleet-index/kernel'

describe('the kernel of the fleet index', () => {
  it('is what its source compiles to', { timeout: 60_000 }, () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/kernel.mjs', '--check'], { encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  it('exports what its interface declares', () => {
    const kernel = instantiate(1 << 20)
    expect(kernel.memory.buffer.byteLength).toBeGreaterThanOrEqual(1 << 20)
    const lengths = Object.entries(kernel).flatMap(([name, value]) =>
      typeof value === 'function' ? [`${name} ${value.length}`] : [],
    )
    expect(lengths.sort()).toEqual([
      'clear 2',
      'countAble 0',
      'refresh 1',
      'search 1',
      'setColumns 5',
      'setPolicies 2',
      'setRequest 6',
      'setScoring 6',
      'setTree 5',
      'setWorkspace 4',
      'sweep 1',
      'visited 0',
    ])
  })
})

import { expect, test } from 'vitest'
import { type GroupOptions, groupCommit } from './batch'

/** Commits that end when the test says so; each answer is its call in capitals. */
function recorded(options: Partial<GroupOptions<string, string>> = {}) {
  const commits: string[][] = []
  const ends: (() => void)[] = []
  const call = groupCommit<string, string>({
    limit: 10,
    atOnce: 1,
    write: async (calls) => {
      commits.push(calls)
      if (calls.includes('bad')) throw new Error(`refused with ${calls.length}`)
      await new Promise<void>((resolve) => ends.push(resolve))
      return calls.map((one) => one.toUpperCase())
    },
    ...options,
  })
  return { call, commits, end: () => ends.shift()?.() }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

test('a lone call is written at once, and what comes meanwhile goes together into the next commit', async () => {
  const { call, commits, end } = recorded()
  const first = call('a')
  const others = ['b', 'c', 'd'].map(call)
  expect(commits).toEqual([['a']])
  end()
  expect(await first).toBe('A')
  await turn()
  expect(commits).toEqual([['a'], ['b', 'c', 'd']])
  end()
  expect(await Promise.all(others)).toEqual(['B', 'C', 'D'])
})

test('no commit takes more than the limit, and no more are under way than allowed', async () => {
  const { call, commits, end } = recorded({ limit: 2, atOnce: 2 })
  const all = Promise.all(['a', 'b', 'c', 'd', 'e'].map(call))
  expect(commits).toEqual([['a'], ['b']])
  end()
  await turn()
  expect(commits).toEqual([['a'], ['b'], ['c', 'd']])
  for (let i = 0; i < 3; i++) {
    end()
    await turn()
  }
  expect(await all).toEqual(['A', 'B', 'C', 'D', 'E'])
})

test('a call that cannot be written refuses no other one of its commit', async () => {
  const { call, end } = recorded()
  const first = call('first')
  const settled = Promise.allSettled(['a', 'bad', 'c'].map(call))
  for (let i = 0; i < 3; i++) {
    end()
    await turn()
  }
  expect(await first).toBe('FIRST')
  expect(await settled).toEqual([
    { status: 'fulfilled', value: 'A' },
    { status: 'rejected', reason: new Error('refused with 1') },
    { status: 'fulfilled', value: 'C' },
  ])
})

test('calls that must see each other never share a commit', async () => {
  const { call, commits, end } = recorded({ apart: (one) => [one.slice(0, 1)] })
  const all = Promise.all(['x', 'a1', 'a2', 'b1', 'a3'].map(call))
  for (let i = 0; i < 4; i++) {
    end()
    await turn()
  }
  expect(await all).toEqual(['X', 'A1', 'A2', 'B1', 'A3'])
  expect(commits).toEqual([['x'], ['a1', 'b1'], ['a2'], ['a3']])
})

test('what may wait is gathered for a while after each commit', async () => {
  const commits: string[][] = []
  const write = async (calls: string[]) => {
    commits.push(calls)
    return calls
  }
  const call = groupCommit<string, string>({
    write,
    limit: 10,
    atOnce: 1,
    pauseMs: ([first]) => (first === 'a' ? 20 : 0),
  })
  await call('a')
  const later: Promise<string>[] = []
  for (const one of ['b', 'c', 'd']) {
    later.push(call(one))
    await turn()
  }
  await Promise.all(later)
  expect(commits).toEqual([['a'], ['b', 'c', 'd']])
  // After that one nothing waits.
  later.push(call('e'))
  await turn()
  later.push(call('f'))
  await Promise.all(later)
  expect(commits.slice(2)).toEqual([['e'], ['f']])
})

import { describe, expect, test } from 'vitest'
import { FairQueue } from './fair-queue'

/** Work that ends when it is told to, and what began so far. */
function bench() {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const work = (name: string) => () =>
    new Promise<string>((resolve) => {
      begun.push(name)
      ends.push(() => resolve(name))
    })
  const settle = async () => {
    for (let i = 0; i < 10; i++) await Promise.resolve()
  }
  const endNext = async () => {
    ends.shift()?.()
    await settle()
  }
  return { begun, work, settle, endNext }
}

describe('a fair queue', () => {
  test('does no more at once than it has lanes', async () => {
    const { begun, work, settle, endNext } = bench()
    const queue = new FairQueue({ lanes: 2, perCaller: 9, total: 9 })
    const all = ['1', '2', '3'].map((name) => queue.run('a', work(name)))
    await settle()
    expect(begun).toEqual(['1', '2'])
    await endNext()
    expect(begun).toEqual(['1', '2', '3'])
    await endNext()
    await endNext()
    expect(await Promise.all(all)).toEqual([{ done: '1' }, { done: '2' }, { done: '3' }])
  })

  test('lets callers take turns, however much one of them asks for', async () => {
    const { begun, work, settle, endNext } = bench()
    const queue = new FairQueue({ lanes: 1, perCaller: 9, total: 20 })
    const all = ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2'].map((name) => queue.run(name[0] ?? '', work(name)))
    await settle()
    for (let i = 0; i < 7; i++) await endNext()
    await Promise.all(all)
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
  })

  test('refuses at once what is too much of one caller, or in all, and takes it again later', async () => {
    const { begun, work, settle, endNext } = bench()
    const queue = new FairQueue({ lanes: 1, perCaller: 2, total: 3 })
    const all = ['a1', 'a2', 'b1'].map((name) => queue.run(name[0] ?? '', work(name)))
    expect(await queue.run('a', work('a3'))).toEqual({ full: 'caller' })
    expect(await queue.run('c', work('c1'))).toEqual({ full: 'all' })
    await settle()
    await endNext()
    all.push(queue.run('c', work('c1')))
    for (let i = 0; i < 3; i++) await endNext()
    await Promise.all(all)
    expect(begun).toEqual(['a1', 'a2', 'b1', 'c1'])
  })

  test('goes on after work that fails', async () => {
    const queue = new FairQueue({ lanes: 1, perCaller: 1, total: 1 })
    await expect(queue.run('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await queue.run('a', async () => 'result')).toEqual({ done: 'result' })
  })
})

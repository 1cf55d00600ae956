/** Unit tests of the agent's small parts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { FlagError, labelFlags, nameOfHost, numberFlag, parseFlags, serverFlag } from '@/agent/cli/flags'
import { merged, settingsOfFlags, socketOf } from '@/agent/cli/settings'
import { Backoff } from '@/agent/lib/backoff'
import { SavedFile } from '@/agent/lib/files'
import { afterJoin, newIdentity, readIdentity, writeIdentity } from '@/agent/lib/identity'
import { lockDataDir } from '@/agent/lib/lock'
import { messageOf, quietLogger } from '@/agent/lib/log'
import { Slots } from '@/agent/lib/slots'
import { ControlPlaneError } from '@/agent/transport/control-plane'
import { sseParser } from '@/agent/transport/sse'
import type { ReplicaReport } from '@/core/agents/protocol'
import { noRestarts } from '@/core/deployments/restart'
import { ManualClock } from '@/testing/agent/clock'
import { Outbox } from './outbox'

const folders: string[] = []
const aFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), 'fogdeck-parts-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('slots', () => {
  const never = new AbortController().signal

  test('never have more holders than slots, and serve waiters in order', async () => {
    const slots = new Slots(2)
    const order: number[] = []
    let now = 0
    let most = 0
    const use = async (index: number) => {
      const release = await slots.acquire(never)
      order.push(index)
      most = Math.max(most, ++now)
      await turn()
      now -= 1
      release()
      release()
    }
    await Promise.all(Array.from({ length: 9 }, (_, index) => use(index)))
    expect(most).toBe(2)
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(slots.full).toBe(false)
  })

  test('a waiter that is aborted leaves the queue', async () => {
    const slots = new Slots(1)
    const release = await slots.acquire(never)
    const giving = new AbortController()
    const given = slots.acquire(giving.signal)
    const next = slots.acquire(never)
    giving.abort(new Error('enough'))
    await expect(given).rejects.toThrow('enough')
    release()
    await next
    await expect(slots.acquire(AbortSignal.abort(new Error('before')))).rejects.toThrow('before')
  })
})

describe('the outbox', () => {
  const report = (replicaId: string, reason = ''): ReplicaReport => ({
    nodeId: 'node',
    replicaId,
    status: 'running',
    reason,
    containerId: null,
    exitCode: null,
    health: null,
    ports: [],
    startedAt: null,
    observedAt: null,
    gone: false,
    restarts: noRestarts,
    restartInMs: null,
    checkOutput: null,
    standstill: null,
  })
  const anOutbox = (take: (reports: ReplicaReport[]) => void) => {
    const clock = new ManualClock()
    const batches: string[][] = []
    const delivered: string[] = []
    const outbox = new Outbox({
      controlPlane: {
        report: async (reports) => {
          take(reports)
          batches.push(reports.map((each) => `${each.replicaId}${each.reason}`))
          await turn()
          return { unknown: [] }
        },
      },
      clock,
      random: () => 1,
      log: quietLogger,
      onDelivered: (each) => delivered.push(`${each.replicaId}${each.reason}`),
    })
    return { outbox, clock, batches, delivered }
  }
  const settled = async (outbox: Outbox) => {
    for (let turns = 0; turns < 50 && outbox.size > 0; turns += 1) await turn()
  }

  test('sends the newest report of each replica in the order of first changes', async () => {
    const { outbox, batches, delivered } = anOutbox(() => undefined)
    outbox.put(report('a', '1'))
    outbox.put(report('b', '1'))
    outbox.put(report('a', '2'))
    await Promise.resolve()
    await Promise.resolve()
    outbox.put(report('b', '2'))
    outbox.put(report('c', '1'))
    await settled(outbox)
    expect(batches).toEqual([
      ['a2', 'b1'],
      ['b2', 'c1'],
    ])
    expect(delivered).toEqual(['a2', 'b1', 'b2', 'c1'])
  })

  test('keeps each step in order while the control plane is away, up to a limit', async () => {
    let isAway = true
    const { outbox, clock, batches } = anOutbox(() => {
      if (isAway) throw new ControlPlaneError('unreachable', 'away')
    })
    outbox.put({ ...report('a', ' pulls'), status: 'starting' })
    outbox.put({ ...report('a', ' starts'), status: 'starting' })
    outbox.put({ ...report('a', ' runs'), startedAt: '1' })
    outbox.put({ ...report('a', ' runs again'), startedAt: '2' })
    outbox.put({ ...report('a', ' crashed'), status: 'failed' })
    for (let start = 0; start < 40; start++) outbox.put({ ...report('b', ` ${start}`), startedAt: String(start) })
    await clock.advance(0)
    isAway = false
    outbox.retryNow()
    await clock.advance(0)
    await settled(outbox)
    const reported = batches.flat()
    expect(reported.filter((each) => each.startsWith('a'))).toEqual(['a starts', 'a runs', 'a runs again', 'a crashed'])
    expect(reported.filter((each) => each.startsWith('b'))).toEqual(Array.from({ length: 32 }, (_, i) => `b ${8 + i}`))
  })

  test('sends a report that may wait with the next one, or after its time', async () => {
    const { outbox, clock, batches } = anOutbox(() => undefined)
    outbox.put(report('a', ' begins'), 300)
    outbox.put(report('b', ' begins'), 300)
    await clock.advance(100)
    expect(batches).toEqual([])
    outbox.put(report('c', ' runs'))
    await clock.advance(0)
    expect(batches).toEqual([['a begins', 'b begins', 'c runs']])
    await settled(outbox)
    outbox.put(report('d', ' begins'), 300)
    await clock.advance(299)
    expect(batches).toHaveLength(1)
    await clock.advance(1)
    expect(batches.slice(1)).toEqual([['d begins']])
    await settled(outbox)
    outbox.put(report('e', ' begins'), 300)
    outbox.put(report('f', ' runs'), 50)
    await clock.advance(49)
    expect(batches).toHaveLength(2)
    await clock.advance(1)
    expect(batches.slice(2)).toEqual([['e begins', 'f runs']])
  })

  test('retries with a growing backoff, and at once when asked to', async () => {
    let isAway = true
    let tries = 0
    const { outbox, clock, batches } = anOutbox(() => {
      tries += 1
      if (isAway) throw new ControlPlaneError('unreachable', 'away')
    })
    outbox.put(report('a'))
    await clock.advance(0)
    expect(tries).toBe(1)
    await clock.advance(499)
    expect(tries).toBe(1)
    await clock.advance(1)
    expect(tries).toBe(2)
    await clock.advance(1_000 + 2_000 + 4_000)
    expect(tries).toBe(5)
    isAway = false
    outbox.retryNow()
    await clock.advance(0)
    await settled(outbox)
    expect(batches).toEqual([['a']])
  })

  test('one refused report does not hold back others', async () => {
    const { outbox, batches } = anOutbox((reports) => {
      if (reports.some((each) => each.replicaId === 'bad')) throw new ControlPlaneError('refused', 'bad report')
    })
    for (const id of ['a', 'bad', 'b']) outbox.put(report(id))
    await settled(outbox)
    expect(batches).toEqual([['a'], ['b']])
    expect(outbox.size).toBe(0)
  })

  test('drops a report that makes the control plane fail, and still reports that its replica failed', async () => {
    const bad = `what${String.fromCodePoint(0)}ever`
    const taken: ReplicaReport[] = []
    let calls = 0
    const { outbox, clock, delivered } = anOutbox((reports) => {
      calls += 1
      if (reports.some((each) => each.reason === bad)) throw new ControlPlaneError('faulty', 'a fault of its own')
      taken.push(...reports)
    })
    outbox.put(report('a'))
    outbox.put({ ...report('bad'), status: 'failed', reason: bad, exitCode: 2 ** 40, gone: true })
    outbox.put(report('b'))
    await clock.advance(0)
    expect([calls, taken]).toEqual([1, []])
    await clock.advance(500)
    await settled(outbox)
    expect(taken.map(({ replicaId }) => replicaId)).toEqual(['a', 'bad', 'b'])
    expect(taken[1]).toMatchObject({ status: 'failed', gone: true, exitCode: null })
    expect(taken[1]?.reason).toBe('Failed (the control plane could not take the whole report)')
    expect(delivered).toHaveLength(3)
    expect(outbox.size).toBe(0)
  })

  test('keeps complete reports while every call fails, and sends them afterwards', async () => {
    let isFaulty = true
    const { outbox, clock, batches } = anOutbox(() => {
      if (isFaulty) throw new ControlPlaneError('faulty', 'a fault of its own')
    })
    for (const id of ['a', 'b', 'c', 'd', 'e']) outbox.put(report(id, ' in its words'))
    for (let waited = 0; waited < 60; waited++) await clock.advance(1_000)
    expect(outbox.size).toBe(5)
    isFaulty = false
    outbox.retryNow()
    await clock.advance(0)
    await settled(outbox)
    expect(batches.flat().toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'].map((id) => `${id} in its words`))
  })
})

describe('server-sent events', () => {
  test('are parsed for any chunk size and any kind of line ending', () => {
    const text =
      ': comment\r\nevent: connected\r\ndata: {}\r\n\r\nid: 7\ndata: a\ndata: ä\n\nretry: 1\rdata:b\r\rdata: torn'
    const bytes = Buffer.from(text)
    for (let size = 1; size <= bytes.length; size += 1) {
      const seen: unknown[] = []
      const push = sseParser((event) => seen.push(event))
      for (let at = 0; at < bytes.length; at += size) push(bytes.subarray(at, at + size))
      expect(seen).toEqual([
        { event: 'connected', data: '{}', id: '' },
        { event: 'message', data: 'a\nä', id: '7' },
        { event: 'message', data: 'b', id: '7' },
      ])
    }
  })
})

describe('the data folder', () => {
  test('an identity is read as it was written, and only its owner may read the file', async () => {
    const folder = aFolder()
    expect(await readIdentity(folder)).toBeNull()
    const identity = newIdentity('http://server')
    await writeIdentity(folder, identity)
    expect(await readIdentity(folder)).toEqual(identity)
    expect(statSync(join(folder, 'identity.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder)).toEqual(['identity.json'])
    expect(newIdentity('x').credential).not.toBe(identity.credential)
    expect(identity.credential.length).toBeGreaterThanOrEqual(32)
  })

  test('does not overwrite a file that is not an identity', async () => {
    const folder = aFolder()
    writeFileSync(join(folder, 'identity.json'), '{}')
    await expect(readIdentity(folder)).rejects.toThrow("is not an agent's identity")
  })

  test('a node that got a new id keeps its former ids', () => {
    const join1 = afterJoin(newIdentity('x'), { nodes: [{ id: '1', name: 'a' }], heartbeatSeconds: 5 })
    const join2 = afterJoin(join1, { nodes: [{ id: '1', name: 'a' }], heartbeatSeconds: 5 })
    expect(join2.nodes).toEqual([{ id: '1', name: 'a', formerIds: [] }])
    const join3 = afterJoin(join2, { nodes: [{ id: '2', name: 'a' }], heartbeatSeconds: 3 })
    expect(join3).toMatchObject({ nodes: [{ id: '2', name: 'a', formerIds: ['1'] }], heartbeatSeconds: 3 })
  })

  test('is locked by at most one live process', async () => {
    const folder = aFolder()
    await lockDataDir(folder)
    await lockDataDir(folder)
    const [, own] = readFileSync(join(folder, 'lock'), 'utf8').split(' ')
    const parentStart = readFileSync(`/proc/${process.ppid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
    writeFileSync(join(folder, 'lock'), `${process.ppid} ${parentStart}`)
    await expect(lockDataDir(folder)).rejects.toThrow(`process ${process.ppid}`)
    // The process id belongs to another process by now.
    writeFileSync(join(folder, 'lock'), `${process.ppid} ${own}0`)
    await lockDataDir(folder)
  })

  test('changes during a write are written together afterwards, and the last one stays', async () => {
    const folder = aFolder()
    let value = 0
    let renders = 0
    const file = new SavedFile(join(folder, 'sub', 'state'), () => {
      renders += 1
      return String(value)
    })
    expect(await file.load()).toBeNull()
    const saves = Array.from({ length: 100 }, () => {
      value += 1
      return file.save()
    })
    await Promise.all(saves)
    expect(await file.load()).toBe('100')
    expect(renders).toBeLessThan(5)
  })
})

describe('flags', () => {
  test('each mistake is explained in one line', () => {
    const flags = (...args: string[]) =>
      parseFlags(args, ['server', 'cpu', 'name', 'region', 'engine', 'type', 'location'], ['label'])
    const wrong = (action: () => unknown) => {
      expect(action).toThrow(FlagError)
      expect(action).toThrow(/^--?\S+ must be .* not "|^Unknown option|^--label/)
    }
    wrong(() => flags('--unknown'))
    wrong(() => numberFlag(flags('--cpu', 'x'), 'cpu', { min: 1, max: 9 }))
    wrong(() => numberFlag(flags('--cpu', '10'), 'cpu', { min: 1, max: 9 }))
    wrong(() => numberFlag(flags('--cpu', '1.5'), 'cpu', { min: 1, max: 9, whole: true }))
    wrong(() => numberFlag(flags('--cpu', ' '), 'cpu', { min: 0, max: 9 }))
    wrong(() => labelFlags(flags('--label', 'novalue')))
    wrong(() => serverFlag(flags('--server', 'localhost:3000')))
    wrong(() => serverFlag(flags('--server', 'ftp://x')))
    for (const args of [
      ['--name', 'ä'],
      ['--region', 'a b'],
      ['--engine', 'lxc'],
      ['--type', 'A'],
      ['--location', '91,0'],
    ]) {
      wrong(() => settingsOfFlags(flags(...args)))
    }
  })

  test('valid flags are parsed', () => {
    const flags = parseFlags(
      ['--server', 'http://h:1/base/', '--label', 'a=b=c', '--label', 'd='],
      ['server'],
      ['label'],
    )
    expect(serverFlag(flags)).toBe('http://h:1/base')
    expect(labelFlags(flags)).toEqual({ a: 'b=c', d: '' })
    expect(settingsOfFlags(parseFlags(['--location', '-33.9,18.4'.replace('-', '')], ['location']))).toMatchObject({
      location: { latitude: 33.9, longitude: 18.4 },
    })
  })

  test('earlier settings stay until a flag overrides them', () => {
    expect(merged({ region: 'a', cpuCores: 2, labels: { a: '1' } }, { region: 'b', cpuCores: undefined })).toEqual({
      region: 'b',
      cpuCores: 2,
      labels: { a: '1' },
    })
  })

  test('a host name is turned into a valid node name', () => {
    expect(nameOfHost('shop-12.example.com')).toBe('shop-12')
    expect(nameOfHost('_ü!x')).toBe('x')
    expect(nameOfHost('...')).toBe('node')
    expect(nameOfHost('a'.repeat(80))).toHaveLength(63)
  })

  test('the socket comes from the flag, else from DOCKER_HOST', () => {
    expect(socketOf({ socket: '/a' }, { NODE_ENV: 'test', DOCKER_HOST: 'unix:///b' })).toBe('/a')
    expect(socketOf({}, { NODE_ENV: 'test', DOCKER_HOST: 'unix:///b' })).toBe('/b')
  })
})

test('backoff doubles up to a limit, and is drawn from the upper half', () => {
  const pauses = (chance: number) => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 1_000 }, () => chance)
    const all = Array.from({ length: 5 }, () => backoff.next())
    backoff.reset()
    return [...all, backoff.next()]
  }
  expect(pauses(1)).toEqual([100, 200, 400, 800, 1_000, 100])
  expect(pauses(0)).toEqual([50, 100, 200, 400, 500, 50])
})

test('an error message includes its cause, once', () => {
  const refused = new Error('connect ECONNREFUSED')
  expect(messageOf(new TypeError('fetch failed', { cause: refused }))).toBe('fetch failed: connect ECONNREFUSED')
  expect(messageOf(new Error('fetch failed', { cause: new TypeError('fetch failed', { cause: refused }) }))).toBe(
    'fetch failed: connect ECONNREFUSED',
  )
  expect(messageOf(new TypeError('fetch failed', { cause: new AggregateError([refused]) }))).toBe(
    'fetch failed: connect ECONNREFUSED',
  )
  expect(messageOf('words')).toBe('words')
})

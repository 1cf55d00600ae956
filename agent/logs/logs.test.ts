/** Logs on demand, on simulated engines with a control plane in memory. */
import { afterEach, expect, test } from 'vitest'
import { EngineError } from '@/agent/engines/engine'
import { quietLogger } from '@/agent/lib/log'
import { ControlPlaneError } from '@/agent/transport/control-plane'
import { type LogChunk, type LogLine, logLimits } from '@/core/logs/log'
import { aReplica, until } from '@/testing/agent/builders'
import { fastClock } from '@/testing/agent/clock'
import { MemoryControlPlane } from '@/testing/agent/control-plane'
import { Rig, withCalls } from '@/testing/agent/rig'
import { LogOutbox } from './outbox'

let rig: Rig
afterEach(() => rig?.dispose())

/** A rig that doesn't send regular tails. */
const aRig = (...options: ConstructorParameters<typeof Rig>) => {
  const made = new Rig(...options)
  made.timing = { logTailMs: 1e9 }
  return made
}

const running = async (image: string) => {
  const replica = aReplica({ image })
  rig.want(replica)
  await rig.reported(replica, 'running')
  return replica
}

const read = (replicaId: string, since: string | null = null, seconds = 60) =>
  rig.controlPlane.wantLogs(rig.nodeId, [{ replicaId, seconds, since }])
const linesOf = (replicaId: string) => rig.controlPlane.linesOf(replicaId)
const statesOf = (replicaId: string) =>
  rig.controlPlane.logChunks.flatMap((chunk) => (chunk.replicaId === replicaId && chunk.state ? [chunk.state] : []))
const isAscending = (lines: LogLine[]) => lines.every((line, i) => i === 0 || line.at > (lines[i - 1]?.at ?? ''))

test('sends a log that somebody reads from its first line, each line once and in order', async () => {
  rig = aRig()
  await rig.start()
  const replica = await running('sim/chatty:100ms')
  expect(linesOf(replica.replicaId)).toEqual([])
  read(replica.replicaId)
  await until(() => linesOf(replica.replicaId).length > 30, { what: 'thirty lines' })
  const lines = linesOf(replica.replicaId)
  expect(lines[0]?.text).toContain('starts with')
  expect(isAscending(lines)).toBe(true)
  const numbers = lines.flatMap((line) => /request=(\d+)/.exec(line.text)?.[1] ?? [])
  expect(new Set(numbers).size).toBe(numbers.length)
  expect(statesOf(replica.replicaId)[0]).toBe('following')
})

test('does not send lines again that the control plane has', async () => {
  rig = aRig()
  await rig.start()
  const replica = await running('sim/chatty:100ms')
  read(replica.replicaId)
  const known = await until(() => linesOf(replica.replicaId).at(10), { what: 'ten lines' })
  await rig.stop()
  const before = rig.controlPlane.logChunks.length
  await rig.start()
  await until(() => rig.controlPlane.beats.length > 0, { what: 'a heartbeat' })
  await until(
    () => {
      read(replica.replicaId, known.at)
      return rig.controlPlane.logChunks.slice(before).some((chunk) => chunk.lines.length > 0)
    },
    { what: 'new lines' },
  )
  const news = rig.controlPlane.logChunks.slice(before).flatMap((chunk) => chunk.lines)
  expect(news.every((line) => line.at > known.at)).toBe(true)
})

test('sends nothing once nobody reads, whether the subscription was dropped or expired', async () => {
  rig = aRig()
  await rig.start()
  const replica = await running('sim/chatty:100ms')
  read(replica.replicaId, null, 2)
  await until(() => linesOf(replica.replicaId).length > 0, { what: 'lines' })
  await rig.pass(10_000)
  const count = linesOf(replica.replicaId).length
  await rig.pass(10_000)
  expect(linesOf(replica.replicaId)).toHaveLength(count)

  read(replica.replicaId)
  await until(() => linesOf(replica.replicaId).length > count, { what: 'more lines' })
  rig.controlPlane.read.clear()
  await rig.pass(10_000)
  const end = linesOf(replica.replicaId).length
  await rig.pass(10_000)
  expect(linesOf(replica.replicaId)).toHaveLength(end)
})

test('sends the last lines of a failed container although nobody reads its log', async () => {
  rig = aRig()
  await rig.start()
  const replica = aReplica({ image: 'sim/crash:5s' })
  rig.want(replica)
  await rig.reported(replica, 'failed')
  await until(() => statesOf(replica.replicaId).includes('ended'), { what: 'the end of the log' })
  expect(linesOf(replica.replicaId).at(-1)).toMatchObject({
    stream: 'stderr',
    text: 'fatal: simulated crash of sim/crash:5s',
  })
})

test('a reader receives a log up to its last line, once', async () => {
  rig = aRig()
  await rig.start()
  const replica = await running('sim/crash:20s')
  read(replica.replicaId)
  await until(() => statesOf(replica.replicaId).includes('ended'), { what: 'the end of the log' })
  const last = linesOf(replica.replicaId).filter((line) => line.text.startsWith('fatal'))
  expect(last).toHaveLength(1)
})

test('reports the engine’s message for an unreadable log, and removes the container all the same', async () => {
  const refused = async () => {
    throw new EngineError('refused', 'configured logging driver does not support reading')
  }
  rig = aRig('node-01', (engine) => withCalls(engine, () => ({ logs: refused })))
  await rig.start()
  const replica = await running('sim/crash:30s')
  read(replica.replicaId)
  const find = () => rig.controlPlane.logChunks.find((chunk) => chunk.state === 'unavailable')
  const chunk = await until(find, { what: 'the refusal' })
  expect(chunk.message).toBe('configured logging driver does not support reading')
  await rig.gone(replica)
})

test('regularly sends the last lines although nobody reads, so that some exist when the node fails', async () => {
  rig = new Rig()
  await rig.start()
  const replica = await running('sim/chatty:500ms')
  const chunks = () => rig.controlPlane.logChunks.filter((chunk) => chunk.lines.length > 0)
  await until(() => chunks().length > 1, { what: 'two tails', timeoutMs: 30_000 })
  const [first, second] = chunks()
  expect(first?.replicaId).toBe(replica.replicaId)
  expect(second?.lines).toHaveLength(logLimits.tailLines)
  expect(second?.gap).toBe(true)
  expect(isAscending(linesOf(replica.replicaId))).toBe(true)
})

test('marks a gap when a log is longer than what is kept', async () => {
  rig = aRig()
  await rig.start()
  const replica = await running('sim/chatty:1ms')
  await rig.pass(logLimits.firstLines * 2)
  read(replica.replicaId)
  const find = () => rig.controlPlane.logChunks.find((chunk) => chunk.replicaId === replica.replicaId)
  expect(await until(find, { what: 'lines' })).toMatchObject({ gap: true })
})

const chunk = (replicaId: string, lines: LogLine[]) => ({ nodeId: 'node', replicaId, lines })
const someLines = (count: number, length: number, from = 0): LogLine[] =>
  Array.from({ length: count }, (_, i) => ({
    at: `2026-01-01T00:00:00.${String(from + i).padStart(9, '0')}Z`,
    stream: 'stdout',
    text: 'x'.repeat(length),
  }))
const anOutbox = (controlPlane: MemoryControlPlane) =>
  new LogOutbox({
    controlPlane,
    clock: fastClock(50),
    random: Math.random,
    log: quietLogger,
    onUndesired: () => undefined,
  })

test('calls stay within their limits, and followers wait while too many lines are pending', async () => {
  const controlPlane = new MemoryControlPlane()
  controlPlane.line = 'away'
  const outbox = anOutbox(controlPlane)
  let isReady = false
  const put = outbox.put(chunk('a', someLines(600, 1_000))).then(() => {
    isReady = true
  })
  void outbox.put(chunk('b', someLines(10, 100)))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isReady).toBe(false)
  controlPlane.line = 'up'
  await put
  await until(() => controlPlane.linesOf('a').length === 600, { what: 'all lines' })
  expect(controlPlane.linesOf('b')).toHaveLength(10)
  expect(isAscending(controlPlane.linesOf('a'))).toBe(true)
  const sizes = controlPlane.logChunks.map(({ lines }) => lines.reduce((sum, line) => sum + line.text.length + 1, 0))
  expect(Math.max(...sizes)).toBeLessThanOrEqual(logLimits.chunkLength)
  outbox.close()
})

test('replaces a rejected log by a gap, and does not hold back others', async () => {
  for (const kind of ['faulty', 'refused'] as const) {
    const controlPlane = new MemoryControlPlane()
    const bad = `a${String.fromCodePoint(0)}b`
    const outbox = new LogOutbox({
      controlPlane: {
        sendLogs: async (chunks, timeoutMs) => {
          if (chunks.some(({ lines }) => lines.some(({ text }) => text === bad)))
            throw new ControlPlaneError(kind, 'a fault of its own')
          return controlPlane.sendLogs(chunks, timeoutMs)
        },
      },
      clock: fastClock(50),
      random: Math.random,
      log: quietLogger,
      onUndesired: () => undefined,
    })
    void outbox.put(chunk('a', someLines(3, 5)))
    void outbox.put(chunk('bad', [{ at: '2026-01-01T00:00:00.000000001Z', stream: 'stdout', text: bad }]))
    void outbox.put(chunk('b', someLines(3, 5)))
    await until(() => controlPlane.linesOf('b').length === 3, { what: 'the other logs' })
    expect(controlPlane.linesOf('a')).toHaveLength(3)
    expect(controlPlane.logChunks.find(({ replicaId }) => replicaId === 'bad')).toMatchObject({ gap: true, lines: [] })
    outbox.close()
  }
})

test('sends lines after an outage, before newer ones', async () => {
  const controlPlane = new MemoryControlPlane()
  controlPlane.line = 'away'
  const outbox = anOutbox(controlPlane)
  await outbox.put({ ...chunk('a', someLines(3, 5)), gap: true, state: 'following' })
  await new Promise((resolve) => setTimeout(resolve, 50))
  await outbox.put(chunk('a', someLines(3, 5, 3)))
  controlPlane.line = 'up'
  const sent: LogChunk = await until(() => controlPlane.logChunks.at(0), { what: 'a chunk' })
  expect(sent).toMatchObject({ gap: true, state: 'following' })
  expect(sent.lines).toEqual(someLines(6, 5))
  outbox.close()
})

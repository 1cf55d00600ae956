import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '@/agent/lib/clock'
import { unknownMachine } from '@/core/agents/identity'
import type { DesiredState, NodeDescription } from '@/core/agents/protocol'
import type { LogSubscriptions } from '@/core/logs/log'
import { aReplica, until } from '@/testing/agent/builders'
import { HttpControlPlane } from '@/testing/agent/http-control-plane'
import { TrpcControlPlane } from './client'
import type { Watch } from './control-plane'

let server: HttpControlPlane
let address: string
const watches: Watch[] = []
beforeEach(async () => {
  server = new HttpControlPlane()
  address = await server.start()
})
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.close()
  await server.stop()
})

const aNode = (name: string): NodeDescription => ({
  name,
  region: 'local',
  type: 'compute_node',
  labels: {},
  engine: 'simulated',
  engineVersion: null,
  cpuCores: 4,
  memoryMb: 8_192,
  storageGb: 100,
  gpuUnits: 0,
  latitude: null,
  longitude: null,
})
const instance = randomUUID()
const joined = async (...names: string[]) => {
  const client = new TrpcControlPlane(address, { credential: 'c'.repeat(40), instance }, systemClock)
  const { nodes } = await client.join('token', names.map(aNode), unknownMachine)
  return { client, ids: nodes.map((node) => node.id) }
}

const watching = (client: TrpcControlPlane, ids: string[]) => {
  const states: DesiredState[] = []
  const connections: [boolean, string | null][] = []
  const logs: LogSubscriptions[] = []
  const watch = client.watch(ids, {
    onDesired: (state) => states.push(state),
    onLogSubscriptions: (subscriptions) => logs.push(subscriptions),
    onConnection: (...of) => connections.push(of),
  })
  watches.push(watch)
  return { states, logs, connections, watch }
}

const beat = (nodeId: string) => ({
  nodeId,
  cpuUsagePercent: 1,
  memoryUsagePercent: 2,
  engineError: null,
  revision: '0',
  reportsWaiting: false,
})

describe('calls', () => {
  test('join, heartbeat and report arrive with the credential', async () => {
    const { client, ids } = await joined('node-01')
    const [id = ''] = ids
    server.memory.want(id, [aReplica()])
    const { stale } = await client.heartbeat([beat(id)], 1_000)
    expect(stale).toEqual([server.memory.stateOf(id)])
  })

  test('reports are sent with the clock of their times, even if the machine’s clock was set since', async () => {
    const { client } = await joined('node-01')
    const truly = Date.now
    try {
      Date.now = () => truly() + 400 * 86_400_000
      const before = systemClock.now()
      await client.report([], 1_000)
      const sentAt = Date.parse(server.sentAt ?? '')
      expect(sentAt).toBeGreaterThanOrEqual(before)
      expect(sentAt).toBeLessThanOrEqual(systemClock.now())
    } finally {
      Date.now = truly
    }
  })

  test('a server error is distinguished from an unreachable server', async () => {
    const { client } = await joined('node-01')
    server.memory.report = async () => {
      throw new Error('a fault')
    }
    await expect(client.report([], 1_000)).rejects.toMatchObject({ kind: 'faulty' })
    await server.stop()
    await expect(client.report([], 1_000)).rejects.toMatchObject({ kind: 'unreachable' })
  })

  test('a wrong token and an unknown credential are refused with the server’s message', async () => {
    const client = new TrpcControlPlane(address, { credential: 'x'.repeat(40), instance }, systemClock)
    const wrongToken = { kind: 'unauthorized', message: 'This join token is not valid' }
    await expect(client.join('wrong', [aNode('node-01')], unknownMachine)).rejects.toMatchObject(wrongToken)
    await expect(client.heartbeat([], 1_000)).rejects.toMatchObject({ kind: 'unauthorized' })
  })

  test('a server that is down is unreachable, and the error says why', async () => {
    const { client } = await joined('node-01')
    await server.stop()
    const failure = { kind: 'unreachable', message: expect.stringContaining('ECONNREFUSED') }
    await expect(client.heartbeat([], 1_000)).rejects.toMatchObject(failure)
  })

  test('a server that does not answer is unreachable after the time-out', async () => {
    const { client, ids } = await joined('node-01')
    server.memory.line = 'silent'
    const failure = { kind: 'unreachable', message: expect.stringContaining('did not answer within 0.2 s') }
    await expect(client.heartbeat([beat(ids[0] ?? '')], 200)).rejects.toMatchObject(failure)
  })
})

describe('the watch', () => {
  test('sends the state of each node at once, and then every change', async () => {
    const { client, ids } = await joined('node-01', 'node-02')
    const { states, connections } = watching(client, ids)
    await until(() => states.length === 2)
    expect(states.map((state) => state.nodeId).sort()).toEqual([...ids].sort())
    expect(connections.at(-1)).toEqual([true, null])
    const replica = aReplica({ env: { A: 'ä' } })
    server.memory.want(ids[1] ?? '', [replica])
    await until(() => states.length === 3)
    expect(states[2]).toEqual({ nodeId: ids[1], revision: '1', replicas: [replica] })
  })

  test('reconnects by itself after the server was down', async () => {
    const { client, ids } = await joined('node-01')
    const { states, connections } = watching(client, ids)
    await until(() => states.length === 1)
    const { port } = server
    await server.stop()
    await until(() => connections.at(-1)?.[0] === false)
    server.memory.want(ids[0] ?? '', [aReplica()])
    await server.start(port)
    await until(() => states.at(-1)?.revision === '1')
    expect(connections.at(-1)).toEqual([true, null])
  })

  test('reconnects on a restart', async () => {
    const { client, ids } = await joined('node-01')
    const { states, watch } = watching(client, ids)
    await until(() => states.length === 1)
    watch.restart()
    await until(() => states.length === 2)
    await until(() => server.watching === 1)
  })

  test('reports why it is refused, and keeps trying', async () => {
    const { client, ids } = await joined('node-01')
    const holders = [...server.holders]
    server.holders.clear()
    const { states, connections } = watching(client, ids)
    await until(() => connections.find(([isConnected, reason]) => !isConnected && reason?.includes('join again')))
    for (const [credential, holder] of holders) server.holders.set(credential, holder)
    await until(() => states.length === 1)
  })

  test('of very many nodes fits into URLs and covers all of them', async () => {
    const { client, ids } = await joined(...Array.from({ length: 1_000 }, (_, index) => `node-${index}`))
    const { states, connections } = watching(client, ids)
    await until(() => states.length === 1_000)
    expect(server.watching).toBe(5)
    expect(connections.findIndex(([isConnected]) => isConnected)).toBe(connections.length - 1)
  })

  test('sends the log subscriptions, and the requested lines arrive', async () => {
    const { client, ids } = await joined('node-01')
    const [id = ''] = ids
    const { logs, connections } = watching(client, ids)
    await until(() => connections.some(([connected]) => connected), { what: 'the connection' })
    const subscriptions = [{ replicaId: 'r1', seconds: 30, since: null }]
    await until(() => server.watching === 1, { what: 'the subscription' })
    server.memory.wantLogs(id, subscriptions)
    await until(() => logs.length > 0, { what: 'the subscription' })
    expect(logs).toEqual([{ nodeId: id, replicas: subscriptions }])
    const chunk = (replicaId: string) => ({ nodeId: id, replicaId, lines: [], gap: false, state: null, message: '' })
    expect(await client.sendLogs([chunk('r1'), chunk('r2')], 1_000)).toEqual({ undesired: ['r2'] })
    expect(server.memory.logChunks).toHaveLength(2)
  })

  test('sends nothing after it is closed', async () => {
    const { client, ids } = await joined('node-01')
    const { states, watch } = watching(client, ids)
    await until(() => states.length === 1)
    watch.close()
    await until(() => server.watching === 0)
    server.memory.want(ids[0] ?? '', [aReplica()])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(states).toHaveLength(1)
  })
})

/** The whole agent program on a real engine: killed, restarted, stopped. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DockerEngine } from '@/agent/engines/docker/engine'
import { aReplica, until } from '@/testing/agent/builders'
import { HttpControlPlane } from '@/testing/agent/http-control-plane'
import { AgentProcess } from '@/testing/agent/process'
import { type EngineCluster, startEngines } from '@/testing/engines/cluster'
import { skipReason } from '@/testing/engines/skip'

describe.skipIf(skipReason())('the agent program on a real engine', () => {
  const server = new HttpControlPlane()
  let folder: string
  let cluster: EngineCluster
  let args: string[]
  let docker: DockerEngine
  const processes: AgentProcess[] = []

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fogdeck-process-'))
    cluster = await startEngines(1)
    const socket = cluster.engines[0]?.socket ?? ''
    docker = new DockerEngine({ socketPath: socket, usage: 'host' })
    args = ['--server', await server.start(), '--name', 'box', '--socket', socket, '--data-dir', folder]
  })
  afterAll(async () => {
    await Promise.all(processes.map((each) => each.end('SIGKILL')))
    await server.stop()
    await cluster?.stop()
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  const run = (token?: string) => {
    const agent = new AgentProcess('main', args, token ? { token } : {})
    processes.push(agent)
    return agent
  }

  test('never creates a second container when it is killed in the middle of a start, or later', async () => {
    const first = run('token')
    await until(() => first.said.includes('joined as box'), { timeoutMs: 20_000 })
    expect(server.memory.joins[0]?.[0]).toMatchObject({ engine: 'docker', labels: { os: 'linux' } })
    const nodeId = server.memory.idOf('box')
    const replicas = [0, 1, 2, 3].map((slot) => aReplica({ slot, image: 'fogdeck-test/web:1' }))
    server.memory.want(nodeId, replicas)
    await until(async () => (await docker.list()).length > 0, { timeoutMs: 20_000 })
    await first.end('SIGKILL')

    const second = run()
    const isRunning = ({ replicaId }: { replicaId: string }) => server.memory.last(replicaId)?.status === 'running'
    await until(() => replicas.every(isRunning), { timeoutMs: 30_000 })
    const ids = (await docker.list()).map((each) => each.id).sort()
    expect(ids).toHaveLength(4)
    await second.end('SIGKILL')
    server.memory.reports.length = 0

    const third = run()
    await until(() => replicas.every(isRunning), { timeoutMs: 30_000 })
    expect((await docker.list()).map((each) => each.id).sort()).toEqual(ids)
    expect(await third.end('SIGTERM')).toBe(0)
    const left = await docker.list()
    expect(left.map((each) => each.state)).toEqual(['running', 'running', 'running', 'running'])
  })
})

/** Starts the real commands with simulated engines and a control plane behind real HTTP. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aReplica, until as untilSo } from '@/testing/agent/builders'
import { HttpControlPlane } from '@/testing/agent/http-control-plane'
import { AgentProcess } from '@/testing/agent/process'

let server: HttpControlPlane
let address: string
let folder: string
const processes: AgentProcess[] = []
beforeEach(async () => {
  server = new HttpControlPlane()
  address = await server.start()
  folder = mkdtempSync(join(tmpdir(), 'fogdeck-main-'))
})
afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.end('SIGKILL')))
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Processes start slowly on a busy machine. */
const until = <Value>(check: () => Value | Promise<Value>) => untilSo(check, { timeoutMs: 60_000 })

const run = (...of: ConstructorParameters<typeof AgentProcess>) => {
  const process = new AgentProcess(...of)
  processes.push(process)
  return process
}

const simulated = () => ['--server', address, '--name', 'box', '--engine', 'simulated', '--data-dir', folder]
const running = (replicaId: string) =>
  until(() => server.memory.reportsOn(replicaId).findLast((report) => report.status === 'running'))

test('a node joins with a token, and is the same node with the same container after a kill -9', async () => {
  const first = run('main', [...simulated(), '--region', 'eu-west', '--cpu', '2.5', '--label', 'disk=ssd'], {
    token: 'token',
  })
  await until(() => first.said.includes('joined as box'))
  const [[description] = []] = server.memory.joins
  expect(description).toMatchObject({
    name: 'box',
    region: 'eu-west',
    cpuCores: 2.5,
    labels: { disk: 'ssd' },
    engine: 'simulated',
  })
  const nodeId = server.memory.idOf('box')
  const replica = aReplica({ image: 'nginx:latest' })
  server.memory.want(nodeId, [replica])
  const before = await running(replica.replicaId)
  expect(await first.end('SIGKILL')).toBe('SIGKILL')
  server.memory.reports.length = 0

  const second = run('main', ['--data-dir', folder])
  const after = await running(replica.replicaId)
  expect(after.containerId).toBe(before.containerId)
  expect(server.memory.idOf('box')).toBe(nodeId)
  await until(() => server.memory.joins.length === 2)
  expect(server.memory.joins[1]).toEqual(server.memory.joins[0])
  expect(await second.end('SIGTERM')).toBe(0)
})

test('a fleet joins in one call, and ends when its supervisor disconnects', async () => {
  const args = ['--server', address, '--nodes', '30', '--data-dir', folder, '--prefix', 'x-']
  const fleet = run('fleet', args, { token: 'token', ipc: true })
  await until(() => fleet.said.includes('joined with 30 nodes'))
  expect(server.memory.joins).toHaveLength(1)
  expect(server.holders.size).toBe(1)
  const replicas = ['x-01', 'x-30'].map((name, slot) => {
    const replica = aReplica({ slot })
    server.memory.want(server.memory.idOf(name), [replica])
    return replica
  })
  for (const { replicaId } of replicas) await running(replicaId)
  fleet.child.disconnect()
  expect(await fleet.ended()).toBe(0)
})

test.each([
  ['a wrong token', () => simulated(), 'agent: This join token is not valid\n', 1],
  [
    'no engine',
    () => ['--server', address, '--socket', '/nowhere.sock', '--data-dir', folder],
    /^[^\n]*\nagent: no container engine listens at \/nowhere\.sock: start Docker[^\n]*--engine simulated\n$/,
    1,
  ],
  ['no server', () => ['--data-dir', folder], 'agent: say with --server where the control plane is', 1],
  ['a wrong flag', () => ['--cpu', 'many'], 'agent: --cpu must be a number from 0.1 to 4096, not "many"\n', 2],
] as const)('%s is explained in one line', async (_, args, message, code) => {
  const agent = run('main', [...args()], { token: 'wrong' })
  expect(await agent.ended()).toBe(code)
  if (typeof message === 'string') expect(agent.said).toContain(message)
  else expect(agent.said).toMatch(message)
})

test('two agents cannot be the same node', async () => {
  const first = run('main', simulated(), { token: 'token' })
  await until(() => first.said.includes('joined as box'))
  const second = run('main', simulated(), { token: 'token' })
  expect(await second.ended()).toBe(1)
  expect(second.said).toMatch(/^agent: another agent \(process \d+\) uses /)
})

test('a copy of the data folder is refused on the same machine, and the first agent keeps running', async () => {
  const first = run('main', simulated(), { token: 'token' })
  await until(() => first.said.includes('joined as box'))
  const replica = aReplica()
  server.memory.want(server.memory.idOf('box'), [replica])
  await running(replica.replicaId)
  const copy = join(folder, 'copy')
  mkdirSync(copy)
  for (const name of readdirSync(folder))
    if (name !== 'copy' && name !== 'lock') cpSync(join(folder, name), join(copy, name), { recursive: true })
  const second = run('main', ['--data-dir', copy])
  expect(await second.ended()).toBe(1)
  expect(second.said).toMatch(
    new RegExp(
      `^agent: another agent on this machine \\(process ${first.child.pid}\\) speaks for its node already`,
      'm',
    ),
  )
  server.memory.beats.length = 0
  await until(() => server.memory.beats.length > 1)
  expect(server.memory.last(replica.replicaId)?.status).toBe('running')

  // The process is gone, so the folder may be used under another path at once.
  await first.end('SIGKILL')
  const moved = run('main', ['--data-dir', copy])
  await until(() => moved.said.includes('joined as box'))
})

test('a fleet that starts with fewer nodes runs those, and warns about the others', async () => {
  const fleet = (nodes: number, env: Record<string, string>) =>
    run('fleet', ['--server', address, '--nodes', String(nodes), '--prefix', 'x-'], { token: 'token', env })
  // Without a folder of its own the agent keeps its identity in the server's data folder.
  const env = { FOGDECK_DATA_DIR: folder }
  const first = fleet(3, env)
  await until(() => first.said.includes('joined with 3 nodes'))
  expect(existsSync(join(folder, 'agents', 'fleet', 'identity.json'))).toBe(true)
  await first.end('SIGKILL')

  const fewer = fleet(2, env)
  await until(() => fewer.said.includes('One node of this data folder did not start and will be offline'))
  await until(() => server.memory.joins.length === 2)
  const replica = aReplica()
  server.memory.want(server.memory.idOf('x-02'), [replica])
  await running(replica.replicaId)
  await fewer.end('SIGKILL')
  server.memory.beats.length = 0

  const all = fleet(3, env)
  const third = server.memory.idOf('x-03')
  await until(() => server.memory.beats.some(({ nodeId }) => nodeId === third))
  expect(server.memory.idOf('x-03')).toBe(third)
  expect(all.said).not.toContain('did not start')
})

/** Agents on real engines under the real control plane: cut off, restarted, and with a registry that hangs. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Speaker } from '@/agent/transport/control-plane'
import { handleTrpc } from '@/server/api/http/trpc-http'
import { gatewayHandler } from '@/server/gateway/handle'
import { markUnreachableNodes } from '@/server/store/agents/heartbeats'
import { createJoinToken } from '@/server/store/agents/join-tokens'
import { sweepLostReplicas } from '@/server/store/node-loss/lost'
import { systemAuthor } from '@/server/store/records/audit'
import { writeSettings } from '@/server/store/records/settings'
import { pageAt, until } from '@/testing/agent/builders'
import { AgentProcess, type AgentProcessOptions } from '@/testing/agent/process'
import { aDeployment, type TestControlPlane, testControlPlane } from '@/testing/control-plane'
import { type EngineCluster, startEngines, type TestImage } from '@/testing/engines/cluster'
import { DirectControlPlane } from '@/testing/engines/direct-control-plane'
import { EngineAgent } from '@/testing/engines/engine-agent'
import { imageConfig, imageLayer } from '@/testing/engines/images'
import { otherMachine } from '@/testing/engines/machine'
import { Registry } from '@/testing/engines/registry'
import { skipReason } from '@/testing/engines/skip'
import { answering } from '@/testing/http'

const web: TestImage = 'fogdeck-test/web:1'
/** A program that listens on port 8080 until it is killed. */
const listening = "require('node:net').createServer().listen(8080, () => console.log('listening'))"
const patient = { timeoutMs: 120_000 }

interface Attempt {
  slot: number
  generation: number
  status: string
  node: string
  container: string | null
  started: Date | null
  created: Date
  finished: Date | null
  reason: string | null
}

describe.skipIf(skipReason())('real engines under the real control plane', () => {
  let cluster: EngineCluster
  let cp: TestControlPlane
  let dataDir: string
  let token: string
  let agents: EngineAgent[]
  const lines = new Map<string, DirectControlPlane>()

  beforeAll(async () => {
    cluster = await startEngines(2)
  })
  afterAll(() => cluster?.stop())

  beforeEach(async () => {
    cp = await testControlPlane()
    dataDir = mkdtempSync(join(tmpdir(), 'fogdeck-outages-'))
    await writeSettings(cp.store, systemAuthor, { heartbeat: { everySeconds: 1, limitSeconds: 10 } })
    token = (await createJoinToken(cp.store, systemAuthor, { name: 'engines', maxNodes: null, expiresInHours: 1 }))
      .token
    agents = []
    lines.clear()
  })
  afterEach(async () => {
    await Promise.all(agents.map((agent) => agent.stop(0)))
    for (const agent of agents) for (const each of await agent.containers()) await agent.docker.remove(String(each.Id))
    await cp.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  /** An agent that is not started, only used to see what is on the engine. */
  const onEngine = (index: number) => {
    const engine = cluster.engines[index]
    if (!engine) throw new Error(`the bed has no engine ${index}`)
    const name = `node-${index + 1}`
    const connect = (speaker: Speaker) => {
      const line = new DirectControlPlane(cp, speaker)
      line.isCut = lines.get(name)?.isCut ?? false
      lines.set(name, line)
      return line
    }
    const agent = new EngineAgent({ name, engine, dataDir, token, connect })
    agents.push(agent)
    return agent
  }

  const anAgent = async (index: number) => {
    const agent = onEngine(index)
    await agent.start()
    return agent
  }

  const cut = (agent: EngineAgent, isCut: boolean) => {
    const line = lines.get(agent.name)
    if (line) line.isCut = isCut
  }

  const deploy = async (name: string, overrides: Record<string, unknown> = {}) => {
    const resources = { cpu: 0.5, memory: 512, gpu: 0, storage: 1 }
    const input = aDeployment({ name, container_image: web, resources, ...overrides })
    return (await (await cp.as('admin')).deployment.deploy(input)).deployment_id
  }

  const attempts = (deploymentId: string) =>
    cp.sql<Attempt>(
      `select r.slot, r.generation, r.status, n.node_id as node, r.container_id as container, r.started_at as started,
         r.created_at as created, r.finished_at as finished, r.reason
       from deployment_replicas r join nodes n on n.id = r.node_id where r.deployment_id = $1 order by r.slot, r.generation`,
      [deploymentId],
    )

  /** Schedules due work until `check` holds. */
  const untilSo = (what: string, check: () => Promise<boolean>) =>
    until(
      async () => {
        await cp.schedule()
        return check()
      },
      { ...patient, what },
    )

  const runs = (deploymentId: string, count = 1) =>
    untilSo('the deployment runs', async () => {
      const running = (await attempts(deploymentId)).filter(({ status }) => status === 'running')
      return running.length === count
    })

  const statusOf = async (id: string) => (await (await cp.as('admin')).deployment.detail({ id })).status
  const decisions = async (id: string) => (await cp.as('admin')).deployment.decisions({ id })

  const idsOn = async (agent: EngineAgent) => (await agent.containers()).map(({ Id }) => String(Id)).sort()

  /** Digests of what the containers run. */
  const contents = async (): Promise<Set<string>> => {
    const found = new Set<string>()
    for (const agent of agents)
      for (const { ImageID } of await agent.containers()) {
        const image = await agent.docker.http.json({ path: `/images/${ImageID}/json` })
        for (const each of (image as { RepoDigests: string[] }).RepoDigests) found.add(each.split('@')[1] ?? '')
      }
    return found
  }

  test('all replicas run the same content of a tag that moves between their pulls, until a redeploy takes the new one', async () => {
    const registry = await Registry.start()
    try {
      const layer = imageLayer()
      const push = (version: string) =>
        registry.push('team/app', 'latest', { layer, config: imageConfig(web, [`MESSAGE=${version}`]) })
      const old = await push('one')
      const [one, two] = [await anAgent(0), await anAgent(1)]
      // One address that both engines can reach.
      const [program = '', ...inside] = two.engine.inside
      execFileSync(program, [...inside, 'ip', 'route', 'replace', one.engine.gateway, 'via', two.engine.gateway])
      const image = `${one.engine.gateway}:${registry.port}/team/app`
      const id = await deploy('moving', { container_image: image, replicas: 1, max_per_node: 2 })
      await runs(id, 1)
      const moved = await push('two')
      const { deployment } = await cp.as('admin')
      await deployment.scale({ deployment_id: id, replicas: 3 })
      await runs(id, 3)
      expect(new Set((await attempts(id)).map(({ node }) => node)).size).toBe(2)
      expect(await contents()).toEqual(new Set([old]))
      expect((await deployment.detail({ id })).revisionImage).toMatchObject({ digest: old, verified: true })
      await deployment.redeploy({ deployment_id: id })
      await untilSo('all run what the tag is now', async () => {
        const all = await contents()
        return all.size === 1 && all.has(moved)
      })
    } finally {
      await registry.stop()
    }
  })

  test('taken host ports are named and waited for, updates stop the old replica first, and foreign programs block their ports', async () => {
    const [one, two] = [await anAgent(0), await anAgent(1)]
    const admin = await cp.as('admin')
    const ports = [{ container: 80, host: 8080 }]
    const resources = { cpu: 0.5, memory: 512 }
    const holder = await deploy('portx', { replicas: 2, ports })
    await runs(holder, 2)
    const { placement } = await admin.placement.preview({ replicas: 1, resources, ports })
    expect(placement.refusal?.reasons).toEqual([{ rule: 'host-ports', count: 2, nodeIds: ['node-1', 'node-2'] }])
    const named = placement.refused.flatMap(({ some }) => some.flatMap(({ failures }) => failures))
    expect(named.map(({ message }) => message)).toEqual([
      'host port 8080 is taken by portx on node-1',
      'host port 8080 is taken by portx on node-2',
    ])
    const refused = await deploy('refused', { ports })
    const waits = await deploy('waits', { ports, wait_for_capacity: true })
    await untilSo(
      'the one is refused',
      async () => (await admin.deployment.detail({ id: refused })).status === 'failed',
    )
    expect((await admin.deployment.detail({ id: waits })).status).toBe('pending')
    expect(await attempts(refused)).toEqual([])

    await admin.deployment.update({ deployment_id: holder, env: { MESSAGE: 'updated' } })
    await untilSo('the update is over', async () => {
      const { status, revision, runningReplicas } = await admin.deployment.detail({ id: holder })
      if (status === 'failed') throw new Error('the update failed')
      return status === 'running' && revision === 2 && runningReplicas === 2
    })
    const updated = await attempts(holder)
    expect(updated.map(({ generation, status }) => [generation, status])).toEqual([
      [1, 'stopped'],
      [2, 'running'],
      [1, 'stopped'],
      [2, 'running'],
    ])
    // Each replica took the place of its predecessor, and none failed in between.
    expect(updated[0]?.node).toBe(updated[1]?.node)
    expect(updated[2]?.node).toBe(updated[3]?.node)
    for (const { address } of cluster.engines) {
      const answer = await pageAt(`http://${address}:8080/`)
      expect(await answer.text()).toContain('updated')
    }

    // Both containers are removed. On one machine another program then takes the port and prints that it listens.
    await admin.deployment.delete({ deployment_id: waits })
    await admin.deployment.delete({ deployment_id: holder })
    await untilSo('both are gone', async () => (await idsOn(one)).length + (await idsOn(two)).length === 0)
    const [command = '', ...inside] = one.engine.inside
    const program = spawn(command, [...inside, process.execPath, '-e', listening], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    try {
      await once(program.stdout, 'data')
      const later = await deploy('later', { replicas: 2, ports, wait_for_capacity: true })
      await untilSo(
        'the other program was met',
        async () =>
          (await cp.sql('select 1 from host_port_conflicts')).length > 0 && (await statusOf(later)) === 'pending',
      )
      await cp.makeDue()
      await untilSo('it waits', async () => (await decisions(later))[0]?.outcome === 'refused')
      const [newest] = await decisions(later)
      const why = await admin.decision.explain({ id: newest?.id ?? '', nodeId: 'node-1' })
      expect(why.rules.find(({ rule }) => rule === 'host-ports')?.message).toMatch(
        /^host port 8080 is taken by another program on node-1 \(seen \d+ s ago\)$/,
      )
    } finally {
      program.kill('SIGKILL')
    }
  })

  test('a machine restarts while it is cut off: the same containers run again, and are reported at the return', async () => {
    const agent = await anAgent(0)
    const id = await deploy('rebooted', { replicas: 2, max_per_node: 2, lost_after: 0 })
    await runs(id, 2)
    const before = await attempts(id)
    cut(agent, true)
    await agent.stop(0)
    agent.engine.kill()
    await agent.engine.start()
    await agent.start()
    const running = async () =>
      (await Promise.all(before.map(({ container }) => agent.inspected(container)))).every(
        ({ State }) => State?.Running,
      )
    await until(running, { ...patient, what: 'both containers run again' })
    expect(await attempts(id)).toEqual(before)

    cut(agent, false)
    const restarted = async () =>
      (await attempts(id)).every(({ started }, i) => started && before[i]?.started && started > before[i].started)
    await untilSo('both are told to have been started again', restarted)
    const after = await attempts(id)
    const who = ({ slot, generation, status, container }: Attempt) => ({ slot, generation, status, container })
    expect(after.map(who)).toEqual(before.map(who))
    expect(await idsOn(agent)).toEqual(before.map(({ container }) => container).sort())
  })

  test('a node returns after a part was replaced elsewhere: that part is stopped by its generation, the rest is adopted', async () => {
    const [away, other] = [await anAgent(0), await anAgent(1)]
    await cp.sql(`update nodes set cordoned = node_id = 'node-2'`)
    const stays = await deploy('stays', { lost_after: 0 })
    const moves = await deploy('moves', { lost_after: 1 })
    await runs(stays)
    await runs(moves)
    await cp.sql('update nodes set cordoned = false')
    const [kept] = await attempts(stays)
    const [replaced] = await attempts(moves)
    expect([kept?.node, replaced?.node]).toEqual(['node-1', 'node-1'])

    cut(away, true)
    const epoch = { epoch: cp.epoch, earliestSeconds: 1 }
    await until(async () => (await markUnreachableNodes(cp.store, cp.epoch)).length > 0, {
      ...patient,
      what: 'it is silent',
    })
    expect((await sweepLostReplicas(cp.store, epoch)).lost).toHaveLength(1)
    await runs(moves)
    const copies = await idsOn(other)
    expect(copies).toHaveLength(1)
    // While no server can reach it, the node keeps running its containers.
    expect(await idsOn(away)).toEqual([kept?.container, replaced?.container].sort())

    cut(away, false)
    await until(async () => (await idsOn(away)).length === 1, { ...patient, what: 'the old copy is stopped' })
    expect(await idsOn(away)).toEqual([kept?.container])
    expect(await idsOn(other)).toEqual(copies)
    const ended = async () => (await cp.sql('select from deployment_replicas where reserved')).length === 2
    await untilSo('the old copy is told to be gone', ended)
    expect(await attempts(stays)).toEqual([kept])
    const places = (await attempts(moves)).map(({ generation, status, node }) => [generation, status, node])
    expect(places).toEqual([
      [1, 'stopped', 'node-1'],
      [2, 'running', 'node-2'],
    ])
  })

  test('last lines that the database could not store are reported, and delay nothing else', async () => {
    await anAgent(0)
    const failing = async (name: string, container_image: TestImage) => {
      const id = await deploy(name, { container_image })
      return async () => (await attempts(id))[0]?.reason
    }
    const nul = await failing('nul', 'fogdeck-test/nul:1')
    const long = await failing('long', 'fogdeck-test/long-line:1')
    const text = { nul: 'exited with code 1: bye \u{fffd} end', long: `exited with code 1: ${'x'.repeat(298)}…` }
    await untilSo(
      'both have told how they ended',
      async () => (await nul()) === text.nul && (await long()) === text.long,
    )
    await runs(await deploy('beside'))
  })

  test('a copied data folder is refused on another machine and on the same one, and the first agent continues', async () => {
    const [one, two] = [onEngine(0), onEngine(1)]
    const faults: unknown[] = []
    const server = createHttpServer(
      gatewayHandler({
        trustedProxies: [],
        publicUrl: null,
        inner: answering(() => (request) => handleTrpc(cp.services, request)),
        onFault: (error) => void faults.push(error),
      }),
    )
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const processes: AgentProcess[] = []
    const run = (agent: EngineAgent, folder: string, options: AgentProcessOptions) => {
      const where = ['--server', `http://${agent.engine.gateway}:${port}`, '--socket', agent.engine.socket]
      const what = ['--name', 'node-1', '--cpu', '2', '--memory', '4096', '--data-dir', join(dataDir, folder)]
      const started = new AgentProcess('main', [...where, ...what], options)
      processes.push(started)
      return started
    }
    const says = (agent: AgentProcess, text: RegExp) =>
      until(() => text.exec(agent.said), { ...patient, what: `an agent says ${text}` })
    try {
      const first = run(one, 'first', { token })
      await says(first, /joined as node-1/)
      const stays = await deploy('stays', { lost_after: 0 })
      await runs(stays)
      const before = await attempts(stays)
      for (const copy of ['away', 'here']) cpSync(join(dataDir, 'first'), join(dataDir, copy), { recursive: true })
      // A lock counts only on the machine where it was made. Without it, the folder is like a copy made while no agent
      // ran.
      rmSync(join(dataDir, 'here', 'lock'))

      const away = run(two, 'away', { before: otherMachine(two.engine, 'pi-2', join(dataDir, 'pi-2')) })
      await says(
        away,
        /node-1 belongs to another machine \(.+, last seen .+\), and this is pi-2: its data folder was copied\. If this is to be a node of its own, start it with an empty data folder and a join token; if .+, let it on the page of node-1/,
      )
      // After the other one, because the events name only the first of several copies within a minute.
      const here = run(one, 'here', {})
      expect(await here.ended()).toBe(1)
      const pid = first.child.pid
      expect(here.said).toMatch(
        new RegExp(
          `^agent: another agent on this machine \\(process ${pid}\\) speaks for node-1 already: end that one, or, if this is to be a node of its own, start it with an empty data folder and a join token$`,
          'm',
        ),
      )

      const [{ id: nodeId } = { id: '' }] = await cp.sql<{ id: string }>('select id from nodes')
      const admin = await cp.as('admin')
      const { events } = await admin.node.get({ id: nodeId })
      expect(events.map(({ detail }) => detail)).toContain(
        `A second machine (pi-2 at ${two.engine.address}) uses this node's credential and was refused: its data folder is a copy`,
      )
      // Whichever copies tried, heartbeats of the first agent are accepted, and it obeys.
      await cp.sql(`update nodes set last_heartbeat = now() - interval '5 seconds'`)
      const freshNodes = `select from nodes where status <> 'offline' and last_heartbeat > now() - interval '3 seconds'`
      await until(async () => (await cp.sql(freshNodes)).length > 0, { ...patient, what: 'node-1 reports' })
      const later = await deploy('later')
      await runs(later)
      expect(await attempts(stays)).toEqual(before)
      expect(await idsOn(one)).toEqual([...before, ...(await attempts(later))].map(({ container }) => container).sort())
      expect(await idsOn(two)).toEqual([])
      expect([first.child.exitCode, away.child.exitCode]).toEqual([null, null])
      expect(faults).toEqual([])
    } finally {
      await Promise.all(processes.map((each) => each.end('SIGKILL')))
      server.closeAllConnections()
      server.close()
    }
  })

  test('a registry that never answers delays nothing else, and the pull fails with its reason after some attempts', async () => {
    const agent = await anAgent(0)
    const registry = await UnresponsiveRegistry.listen()
    try {
      const image = `${agent.engine.gateway}:${registry.port}/never/answers:1`
      const hanging = await deploy('hanging', { container_image: image })
      const pulling = async () => (await attempts(hanging)).some(({ reason }) => reason === `Pulling ${image}`)
      await untilSo('it is being pulled', pulling)
      const beside = await deploy('beside')
      await runs(beside)
      expect((await attempts(hanging)).filter(({ status }) => status === 'running')).toEqual([])

      const status = async () => (await (await cp.as('admin')).deployment.detail({ id: hanging })).status
      await untilSo('it is given up', async () => (await status()) === 'failed')
      const text = `the pull of ${image} made no progress for 5 s`
      const tries = await attempts(hanging)
      expect(tries.map(({ generation, status, reason }) => [generation, status, reason])).toEqual(
        [1, 2, 3].map((generation) => [generation, 'failed', text]),
      )
      const pausesMs = tries.slice(1).map(({ created }, i) => created.getTime() - (tries[i]?.finished?.getTime() ?? 0))
      // One second before the second attempt, two before the third. Jitter removes up to half.
      expect(pausesMs[0]).toBeGreaterThanOrEqual(500)
      expect(pausesMs[1]).toBeGreaterThanOrEqual(1_000)
      const { reason } = await (await cp.as('admin')).deployment.detail({ id: hanging })
      expect(reason).toBe(`Replica 1 failed 3 times: ${text}`)
      expect((await attempts(beside)).map(({ generation, status }) => [generation, status])).toEqual([[1, 'running']])
    } finally {
      await registry.close()
    }
  })
})

/** Accepts every connection and never answers. */
class UnresponsiveRegistry {
  private readonly sockets = new Set<Socket>()

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('error', () => undefined).resume()
    })
  }

  static async listen(): Promise<UnresponsiveRegistry> {
    const server = createServer()
    const registry = new UnresponsiveRegistry(server)
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve))
    return registry
  }

  get port(): number {
    const address = this.server.address()
    return typeof address === 'object' && address ? address.port : 0
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

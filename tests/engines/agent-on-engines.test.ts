/** The agent on real Docker engines, with a control plane in memory. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { keptCapabilities } from '@/agent/engines/docker/container'
import { containerLabels, containerName, type DesiredReplica } from '@/core/agents/protocol'
import { noRestarts, restartRules } from '@/core/deployments/restart'
import { aReplica, pageAt, until } from '@/testing/agent/builders'
import { MemoryControlPlane } from '@/testing/agent/control-plane'
import { type EngineCluster, startEngines, type TestEngine, type TestImage } from '@/testing/engines/cluster'
import { EngineAgent } from '@/testing/engines/engine-agent'
import { skipReason } from '@/testing/engines/skip'

const image = (name: TestImage): TestImage => name
const web = (overrides: Partial<DesiredReplica> = {}) => aReplica({ image: image('fogdeck-test/web:1'), ...overrides })

/** For a replica that has used up its restarts, so that its next exit is final. */
const restarted = { ...noRestarts, inARow: restartRules.triesUntilWell }
const well = { ...noRestarts, wasWell: true }

/** An agent whose control plane is in memory. */
class TestAgent extends EngineAgent {
  constructor(
    name: string,
    engine: TestEngine,
    readonly controlPlane: MemoryControlPlane,
    dataDir: string,
  ) {
    super({ name, engine, dataDir, token: 'token', connect: () => controlPlane })
  }

  get nodeId(): string {
    return this.controlPlane.idOf(this.name)
  }

  want(...replicas: DesiredReplica[]): void {
    this.controlPlane.want(this.nodeId, replicas)
  }

  /** Waits for a report of this status and returns it. */
  reported(replica: DesiredReplica, status: string, timeoutMs = 20_000) {
    const check = () => this.controlPlane.reportsOn(replica.replicaId).findLast((report) => report.status === status)
    return until(check, { timeoutMs, what: `a report that ${replica.deploymentName} is ${status}` })
  }

  gone(replica: DesiredReplica, timeoutMs = 20_000) {
    const check = () => this.controlPlane.reportsOn(replica.replicaId).find((report) => report.gone)
    return until(check, { timeoutMs, what: `a report that ${replica.deploymentName} is gone` })
  }
}

describe.skipIf(skipReason())('the agent on real engines', () => {
  let cluster: EngineCluster
  let dataDir: string
  let controlPlane: MemoryControlPlane
  let agents: TestAgent[]

  beforeAll(async () => {
    cluster = await startEngines(2)
  })
  afterAll(() => cluster?.stop())

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'fogdeck-agent-'))
    controlPlane = new MemoryControlPlane()
    agents = []
  })
  afterEach(async () => {
    await Promise.all(agents.map((agent) => agent.stop()))
    for (const agent of agents) for (const each of await agent.containers()) await agent.docker.remove(String(each.Id))
    rmSync(dataDir, { recursive: true, force: true })
  })

  const anAgent = async (index = 0, name = `node-${index + 1}`) => {
    const engine = cluster.engines[index]
    if (!engine) throw new Error(`the bed has no engine ${index}`)
    const agent = new TestAgent(name, engine, controlPlane, dataDir)
    agents.push(agent)
    await agent.start()
    return agent
  }

  test('starts a container with its limits, labels, environment and restart policy', async () => {
    const agent = await anAgent()
    const replica = web({ cpuMillis: 750, memoryMb: 640, env: { MESSAGE: 'good morning' }, slot: 2, generation: 3 })
    agent.want(replica)
    const running = await agent.reported(replica, 'running')
    const { Config, HostConfig, State, Name } = await agent.inspected(running.containerId)
    expect(HostConfig).toMatchObject({
      NanoCpus: 750_000_000,
      Memory: 640 * 1024 * 1024,
      RestartPolicy: { Name: 'no' },
    })
    expect(Config?.Labels).toMatchObject({
      [containerLabels.managed]: 'true',
      [containerLabels.node]: agent.nodeId,
      [containerLabels.deployment]: replica.deploymentId,
      [containerLabels.deploymentName]: 'web-api',
      [containerLabels.replica]: replica.replicaId,
      [containerLabels.slot]: '2',
      [containerLabels.generation]: '3',
    })
    expect(Config?.Env).toContain('MESSAGE=good morning')
    expect(State).toMatchObject({ Running: true })
    expect(Name).toBe(`/${containerName(replica)}`)
    expect(Date.parse(running.startedAt ?? '')).toBeGreaterThan(Date.now() - 60_000)
  })

  test('gives every container safe defaults, which still allow what images do as root', async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: image('fogdeck-test/root:1'), memoryMb: 64 })
    agent.want(replica)
    const running = await agent.reported(replica, 'running')
    const { HostConfig } = await agent.inspected(running.containerId)
    expect(HostConfig).toMatchObject({
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['ALL'],
      CapAdd: expect.arrayContaining([...keptCapabilities]),
      PidsLimit: 4096,
      MemorySwap: 64 * 1024 * 1024,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Init: true,
      Privileged: false,
    })
    const log = () => agent.docker.lastLogLine(running.containerId ?? '')
    await until(async () => (await log())?.startsWith('done'), { what: 'the last line of the image' })
    // The effective capabilities of root in the container, and that a set-uid program gains nothing.
    const kept = (1 << 0) | (1 << 1) | (1 << 3) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 7) | (1 << 8) | (1 << 10)
    expect(await log()).toBe(
      `done: 1000 owns it, port 80 is bound, caps ${kept.toString(16).padStart(16, '0')}, no-new-privs 1`,
    )
  })

  test('retries a removal for as long as the engine refuses it, even after a restart of the agent', async (context) => {
    const agent = await anAgent()
    const replica = web()
    agent.want(replica)
    const { containerId } = await agent.reported(replica, 'running')
    const release = agent.engine.obstructRemoval(containerId ?? '')
    if (!release) return context.skip('the file system knows no immutable files')
    try {
      controlPlane.wantStop(agent.nodeId)
      const failing = () =>
        controlPlane.reportsOn(replica.replicaId).find(({ reason }) => /unlinkat|not permitted/.test(reason))
      expect(await until(failing, { timeoutMs: 20_000 })).toMatchObject({ status: 'stopped', gone: false })
      await agent.stop()
      // Docker's list shows it as removing forever.
      expect(await agent.containers()).toMatchObject([{ State: 'removing' }])
      await agent.start()
    } finally {
      release()
    }
    expect(await agent.gone(replica, 40_000)).toMatchObject({ status: 'stopped' })
    expect(await agent.containers()).toEqual([])
  })

  test('publishes fixed and free ports that answer over HTTP', async () => {
    const agent = await anAgent()
    const fixed = web({ ports: [{ container: 80, host: 8080 }] })
    const free = web({ deploymentName: 'free', ports: [{ container: 80, host: null }] })
    agent.want(fixed, free)
    expect((await agent.reported(fixed, 'running')).ports).toEqual([{ container: 80, host: 8080 }])
    const [port] = (await agent.reported(free, 'running')).ports
    expect(port?.container).toBe(80)
    for (const host of [8080, port?.host]) {
      const page = await pageAt(`http://${agent.engine.address}:${host}/`)
      expect(page.status).toBe(200)
      expect(await page.text()).toMatch(/Hello from [0-9a-f]{12}/)
    }
  })

  test('adopts its containers after a restart instead of starting them again', async () => {
    const agent = await anAgent()
    const replica = web()
    agent.want(replica)
    const before = await agent.reported(replica, 'running')
    await agent.stop()
    expect((await agent.inspected(before.containerId)).State?.Running).toBe(true)
    controlPlane.reports.length = 0
    await agent.start()
    const after = await agent.reported(replica, 'running')
    expect(after.containerId).toBe(before.containerId)
    expect(after.startedAt).toBe(before.startedAt)
    expect(await agent.containers()).toHaveLength(1)
    expect(controlPlane.reportsOn(replica.replicaId).map((report) => report.status)).not.toContain('starting')
  })

  test('adopts a container of its own that its records have lost', async () => {
    const agent = await anAgent()
    const replica = web()
    agent.want(replica)
    const before = await agent.reported(replica, 'running')
    await agent.stop()
    rmSync(join(dataDir, agent.name, 'nodes'), { recursive: true })
    controlPlane.reports.length = 0
    await agent.start()
    expect((await agent.reported(replica, 'running')).containerId).toBe(before.containerId)
    expect(await agent.containers()).toHaveLength(1)
  })

  test('stops and removes what is no longer desired, and reports when it is gone', async () => {
    const agent = await anAgent()
    const [kept, stopped, dropped] = [web(), web({ deploymentName: 'stopped' }), web({ deploymentName: 'dropped' })]
    agent.want(kept, stopped, dropped)
    await Promise.all([kept, stopped, dropped].map((replica) => agent.reported(replica, 'running')))
    agent.want(kept, { ...stopped, wanted: 'stop' })
    expect(await agent.gone(stopped)).toMatchObject({ status: 'stopped', exitCode: 0 })
    expect(await agent.gone(dropped)).toMatchObject({ status: 'stopped' })
    expect(controlPlane.reportsOn(stopped.replicaId).map((report) => report.status)).toContain('stopping')
    expect(await agent.containers()).toHaveLength(1)
    expect(controlPlane.last(kept.replicaId)?.status).toBe('running')
  })

  test('kills a container that ignores SIGTERM', async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: image('fogdeck-test/ignore-term:1') })
    agent.want(replica)
    await agent.reported(replica, 'running')
    controlPlane.wantStop(agent.nodeId)
    expect(await agent.gone(replica)).toMatchObject({ status: 'stopped', exitCode: 137 })
  })

  test('reports a replica as gone at once if it is to stop and was never started', async () => {
    const agent = await anAgent()
    const replica = web({ wanted: 'stop' })
    agent.want(replica)
    expect(await agent.gone(replica)).toMatchObject({ status: 'stopped', containerId: null })
    expect(await agent.containers()).toHaveLength(0)
  })

  test("reports a missing image with the engine's message", async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: 'localhost:1/no/such:image' })
    agent.want(replica)
    const failed = await agent.gone(replica, 60_000)
    expect(failed).toMatchObject({ status: 'failed', containerId: null, startedAt: null })
    expect(failed.reason).toMatch(/localhost:1.*connection refused/)
    const reasons = controlPlane.reportsOn(replica.replicaId).map((report) => report.reason)
    expect(reasons).toContain('Pulling localhost:1/no/such:image')
  })

  test('reports a command that cannot run, and leaves no container behind', async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: image('fogdeck-test/bad-command:1'), restarts: restarted })
    agent.want(replica)
    const failed = await agent.gone(replica)
    expect(failed).toMatchObject({ status: 'failed', exitCode: 127 })
    expect(failed.reason).toContain('/there/is/no/such/program')
    expect(await agent.containers()).toHaveLength(0)
  })

  test('reports how a container ended, with exit code and last line', async () => {
    const agent = await anAgent()
    const atOnce = aReplica({ image: image('fogdeck-test/exit1:1'), restarts: restarted })
    const crash = { image: image('fogdeck-test/crash:1'), env: { AFTER: '1' }, restarts: restarted }
    const later = aReplica({ ...crash, deploymentName: 'later' })
    agent.want(atOnce, later)
    expect(await agent.gone(atOnce)).toMatchObject({
      status: 'failed',
      exitCode: 1,
      reason: 'exited with code 1: fatal: cannot read configuration',
    })
    await agent.reported(later, 'running')
    expect(await agent.gone(later)).toMatchObject({
      status: 'failed',
      exitCode: 3,
      reason: 'exited with code 3: fatal: it went wrong',
    })
    expect(await agent.containers()).toHaveLength(0)
  })

  test('reports last lines with invalid or truncated characters as readable text, and continues', async () => {
    const agent = await anAgent()
    const nul = aReplica({ image: image('fogdeck-test/nul:1'), restarts: restarted })
    const long = aReplica({ image: image('fogdeck-test/long-line:1'), deploymentName: 'long', restarts: restarted })
    agent.want(nul, long)
    const failed = { status: 'failed', exitCode: 1 }
    expect(await agent.gone(nul)).toMatchObject({ ...failed, reason: 'exited with code 1: bye \u{fffd} end' })
    // The emoji takes characters 299 and 300, and must not be cut in half.
    expect(await agent.gone(long)).toMatchObject({ ...failed, reason: `exited with code 1: ${'x'.repeat(298)}…` })
    const after = web({ deploymentName: 'after' })
    agent.want(after)
    await agent.reported(after, 'running')
  })

  test('sends the log of a container while somebody reads it, both streams, up to its last line', async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: image('fogdeck-test/crash:1'), env: { AFTER: '3' }, restarts: restarted })
    agent.want(replica)
    await agent.reported(replica, 'running')
    controlPlane.wantLogs(agent.nodeId, [{ replicaId: replica.replicaId, seconds: 60, since: null }])
    const lines = () => controlPlane.linesOf(replica.replicaId)
    await until(() => lines().length > 0, { what: 'the first line' })
    expect(lines()).toMatchObject([{ stream: 'stdout', text: 'started' }])
    await agent.gone(replica)
    await until(() => lines().length > 1, { what: 'the last line' })
    expect(lines()).toMatchObject([
      { stream: 'stdout', text: 'started' },
      { stream: 'stderr', text: 'fatal: it went wrong' },
    ])
    await until(() => controlPlane.logChunks.some(({ state }) => state === 'ended'), { what: 'that the log has ended' })
  })

  test('sends the last lines of a container that fails, even when nobody reads', async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: image('fogdeck-test/exit1:1'), restarts: restarted })
    agent.want(replica)
    await agent.gone(replica)
    await until(() => controlPlane.linesOf(replica.replicaId).length > 0, { what: 'the last lines' })
    expect(controlPlane.linesOf(replica.replicaId)).toMatchObject([
      { stream: 'stderr', text: 'fatal: cannot read configuration' },
    ])
  })

  test('reports a container that was killed for exceeding its memory', async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: image('fogdeck-test/oom:1'), memoryMb: 16, restarts: restarted })
    agent.want(replica)
    const failed = await agent.gone(replica)
    expect(failed).toMatchObject({ status: 'failed', exitCode: 137 })
    expect(failed.reason).toMatch(/^OOM-killed at its memory limit of 16 MiB/)
  })

  test('reports changes of health, and restarts unhealthy containers', async () => {
    const agent = await anAgent()
    const [good, bad] = [
      aReplica({ image: image('fogdeck-test/healthy:1') }),
      aReplica({ image: image('fogdeck-test/unhealthy:1'), deploymentName: 'bad' }),
    ]
    agent.want(good, bad)
    await until(() => controlPlane.last(good.replicaId)?.health === 'healthy', { timeoutMs: 20_000 })
    const reported = () => controlPlane.reportsOn(bad.replicaId)
    const unwell = await until(() => reported().find(({ health }) => health === 'unhealthy'), { timeoutMs: 20_000 })
    const message = 'Its health check fails: no answer on port 80'
    expect(unwell).toMatchObject({ status: 'running', reason: message, checkOutput: 'no answer on port 80' })
    const again = await until(() => reported().find(({ restarts }) => restarts.restarts === 1), { timeoutMs: 20_000 })
    expect(reported().some(({ status, reason }) => status === 'starting' && reason === `Restarting: ${message}`)).toBe(
      true,
    )
    expect(again).toMatchObject({ status: 'running', containerId: unwell.containerId, health: 'starting' })
    expect(Date.parse(again.startedAt ?? '')).toBeGreaterThan(Date.parse(unwell.startedAt ?? ''))
    const healths = controlPlane.reportsOn(good.replicaId).map((report) => report.health)
    expect(healths.filter((health, index) => health !== healths[index - 1])).toEqual([null, 'starting', 'healthy'])
  })

  test('does no harm when the desired state is repeated', async () => {
    const agent = await anAgent()
    const replica = web()
    for (let times = 0; times < 20; times += 1) agent.want(replica)
    const running = await agent.reported(replica, 'running')
    for (let times = 0; times < 20; times += 1) agent.want(replica)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(await agent.containers()).toHaveLength(1)
    expect(controlPlane.last(replica.replicaId)).toEqual(running)
    expect(controlPlane.reportsOn(replica.replicaId).length).toBeLessThanOrEqual(3)
  })

  test('does not take over a foreign container that has the name', async () => {
    const agent = await anAgent()
    const replica = web()
    const body = { Image: image('fogdeck-test/web:1'), Labels: { [containerLabels.managed]: 'true' } }
    await agent.docker.http.call({
      method: 'POST',
      path: '/containers/create',
      query: { name: containerName(replica) },
      body,
    })
    agent.want(replica)
    const failed = await agent.gone(replica)
    expect(failed.status).toBe('failed')
    expect(failed.reason).toMatch(/already in use/)
    expect(await agent.containers()).toHaveLength(1)
  })

  test('reports a container that somebody else removed, even while the agent was down', async () => {
    const agent = await anAgent()
    const [first, second] = [web(), web({ deploymentName: 'second' })]
    agent.want(first, second)
    const { containerId } = await agent.reported(first, 'running')
    const other = await agent.reported(second, 'running')
    await agent.docker.remove(containerId ?? '')
    expect(await agent.gone(first)).toMatchObject({ status: 'failed', containerId })
    await agent.stop()
    await agent.docker.remove(other.containerId ?? '')
    await agent.start()
    expect(await agent.gone(second)).toMatchObject({ status: 'failed', containerId: other.containerId })
  })

  test('runs only its own replicas, even when two agents share an engine', async () => {
    const [one, two, third] = [await anAgent(0), await anAgent(1), await anAgent(0, 'node-3')]
    const port = [{ container: 80, host: 8080 }]
    const replicas = [web({ ports: port }), web({ ports: port }), web()] as const
    one.want(replicas[0])
    two.want(replicas[1])
    third.want(replicas[2])
    await Promise.all([
      one.reported(replicas[0], 'running'),
      two.reported(replicas[1], 'running'),
      third.reported(replicas[2], 'running'),
    ])
    one.want()
    await one.gone(replicas[0])
    expect(await one.containers()).toHaveLength(1)
    expect(await two.containers()).toHaveLength(1)
    expect(controlPlane.last(replicas[2].replicaId)?.status).toBe('running')
  })

  test('restarts a container that crashes while the control plane is away, and reports it afterwards', async () => {
    const agent = await anAgent()
    const crash = { image: image('fogdeck-test/crash:1'), env: { AFTER: '4' }, restarts: well }
    const [healthy, crashing] = [web(), aReplica({ ...crash, deploymentName: 'crash' })]
    agent.want(healthy, crashing)
    const before = await agent.reported(crashing, 'running')
    const { containerId } = await agent.reported(healthy, 'running')
    controlPlane.line = 'away'
    const cutAt = Date.now()
    const ranAgain = async () => {
      const { State } = await agent.inspected(before.containerId)
      return State?.Running === true && Date.parse(String(State.StartedAt)) > Date.parse(before.startedAt ?? '')
    }
    await until(ranAgain, { timeoutMs: 30_000, what: 'the same container runs again' })
    const backAt = Date.now()
    expect(controlPlane.last(crashing.replicaId)?.status).toBe('running')
    controlPlane.reports.length = 0
    controlPlane.line = 'up'
    await until(() => controlPlane.reportsOn(crashing.replicaId).length > 1, { timeoutMs: 20_000 })
    const [ended, again] = controlPlane.reportsOn(crashing.replicaId)
    expect(ended).toMatchObject({ status: 'starting', exitCode: 3, reason: 'exited with code 3: fatal: it went wrong' })
    expect(again).toMatchObject({ status: 'running', containerId: before.containerId, restarts: { restarts: 1 } })
    expect(Date.parse(ended?.observedAt ?? '')).toBeGreaterThan(cutAt)
    expect(Date.parse(ended?.observedAt ?? '')).toBeLessThan(backAt)
    expect((await agent.inspected(containerId)).State?.Running).toBe(true)
  })

  test('reports a paused container, leaves it alone, and removes it when it is no longer desired', async () => {
    const agent = await anAgent()
    const replica = web()
    agent.want(replica)
    const { containerId, startedAt } = await agent.reported(replica, 'running')
    const does = (what: 'pause' | 'unpause') =>
      agent.docker.http.call({ method: 'POST', path: `/containers/${containerId}/${what}` }, [200, 204])
    const standstill = () => controlPlane.last(replica.replicaId)?.standstill
    await does('pause')
    await until(() => standstill() === 'paused', { timeoutMs: 20_000, what: 'that it is paused' })
    expect(controlPlane.last(replica.replicaId)).toMatchObject({
      status: 'starting',
      reason: 'Paused on the node by somebody else',
    })
    expect((await agent.inspected(containerId)).State?.Paused).toBe(true)
    await does('unpause')
    await until(() => standstill() === null, { timeoutMs: 20_000, what: 'that it runs again' })
    expect(controlPlane.last(replica.replicaId)).toMatchObject({ status: 'running', startedAt, containerId })
    await does('pause')
    await until(() => standstill() === 'paused', { timeoutMs: 20_000, what: 'that it is paused again' })
    agent.want()
    expect((await agent.gone(replica)).status).toBe('stopped')
    expect(await agent.containers()).toHaveLength(0)
  })

  test('says what is wrong with a frozen engine, and continues when it answers again', async () => {
    const agent = await anAgent()
    const [before, during] = [web(), web({ deploymentName: 'during' })]
    agent.want(before)
    await agent.reported(before, 'running')
    agent.engine.freeze()
    try {
      agent.want(before, during)
      await until(() => controlPlane.beats.at(-1)?.engineError, { timeoutMs: 20_000 })
      expect(controlPlane.beats.at(-1)?.engineError).toMatch(/did not answer/)
      expect(controlPlane.last(before.replicaId)?.status).toBe('running')
    } finally {
      agent.engine.thaw()
    }
    await agent.reported(during, 'running', 40_000)
    await until(() => controlPlane.beats.at(-1)?.engineError === null, { timeoutMs: 20_000 })
    expect(await agent.containers()).toHaveLength(2)
  })

  test('starts the same container again when its engine was killed and restarted', async () => {
    const agent = await anAgent(1)
    const replica = web()
    agent.want(replica)
    const before = await agent.reported(replica, 'running')
    agent.engine.kill()
    await until(() => controlPlane.beats.at(-1)?.engineError, { timeoutMs: 20_000 })
    await agent.engine.start()
    const after = await until(
      async () => {
        const reported = await agent.reported(replica, 'running')
        return reported.startedAt === before.startedAt ? undefined : reported
      },
      { timeoutMs: 60_000, what: 'a report that web-api was started again' },
    )
    expect(after.containerId).toBe(before.containerId)
    expect((await agent.inspected(before.containerId)).State?.Running).toBe(true)
    expect(await agent.containers()).toHaveLength(1)
    expect(controlPlane.reportsOn(replica.replicaId).filter((report) => report.gone)).toEqual([])
  })

  test('removes a container of an older generation before it starts the newer one on the same port', async () => {
    const agent = await anAgent()
    const old = web({ ports: [{ container: 80, host: 8081 }] })
    agent.want(old)
    await agent.reported(old, 'running')
    const next = { ...old, replicaId: randomUUID(), generation: 2 }
    agent.want({ ...old, wanted: 'stop' }, next)
    expect((await agent.reported(next, 'running')).ports).toEqual([{ container: 80, host: 8081 }])
    expect(await agent.gone(old)).toMatchObject({ status: 'stopped' })
  })

  test('measures how much of the capacity its containers use', async () => {
    const agent = await anAgent()
    const replica = aReplica({ image: image('fogdeck-test/burn:1'), cpuMillis: 500 })
    agent.want(replica)
    await agent.reported(replica, 'running')
    // Half a core of two is a quarter, provided that this machine has the CPU time.
    await until(() => (controlPlane.beats.at(-1)?.cpuUsagePercent ?? 0) > 5, { timeoutMs: 20_000 })
    expect(controlPlane.beats.at(-1)?.cpuUsagePercent).toBeLessThan(60)
  })
})

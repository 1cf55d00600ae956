/** One agent on a simulated engine with a control plane in memory, fifty times faster than real time. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeNode } from '@/agent/cli/settings'
import type { Engine } from '@/agent/engines/engine'
import { inFile, SimulatedEngine } from '@/agent/engines/simulated/engine'
import { quietLogger } from '@/agent/lib/log'
import { seeded } from '@/agent/lib/random'
import type { NodeTiming } from '@/agent/loop/node'
import { Runner } from '@/agent/loop/runner'
import { unknownMachine } from '@/core/agents/identity'
import type { DesiredReplica, ReplicaReport } from '@/core/agents/protocol'
import { until } from './builders'
import { fastClock } from './clock'
import { MemoryControlPlane } from './control-plane'

export class Rig {
  readonly controlPlane = new MemoryControlPlane()
  readonly dataDir = mkdtempSync(join(tmpdir(), 'fogdeck-rig-'))
  readonly clock = fastClock(50)
  /** The engine of the running agent. */
  engine: Engine
  timing: Partial<NodeTiming> = {}
  token: string | null = 'token'
  /** The error that ended the running agent. */
  ended: Error | null = null
  private runner: Runner | null = null

  constructor(
    readonly name = 'node-01',
    /** Wraps the engine for the agent. */
    private readonly around: (engine: SimulatedEngine) => Engine = (engine) => engine,
  ) {
    this.controlPlane.heartbeatSeconds = 5
    this.controlPlane.speed = 50
    this.engine = this.newEngine()
  }

  get nodeId(): string {
    return this.controlPlane.idOf(this.name)
  }

  async start(): Promise<void> {
    const { controlPlane, dataDir, clock, timing, token, name } = this
    this.engine = this.newEngine()
    const engine = this.engine
    this.runner = new Runner({
      server: 'http://memory',
      token,
      dataDir,
      names: [name],
      describe: async () => [describeNode(name, {}, await engine.info())],
      engineOf: () => engine,
      durable: false,
      connect: () => controlPlane,
      machine: async () => unknownMachine,
      onEnd: (error) => {
        this.ended = error
      },
      clock,
      random: seeded(1),
      log: quietLogger,
      timing,
    })
    await this.runner.start()
  }

  async stop(): Promise<void> {
    await this.runner?.stop()
    this.runner = null
  }

  /** Ends the agent as `kill -9` does: it sends nothing more, and the next start only has what is on the disk. */
  async kill(): Promise<void> {
    await this.runner?.stop(0)
    this.runner = null
  }

  want(...replicas: DesiredReplica[]): void {
    this.controlPlane.want(this.nodeId, replicas)
  }

  reported(replica: DesiredReplica, status: ReplicaReport['status']): Promise<ReplicaReport> {
    const find = () => this.controlPlane.reportsOn(replica.replicaId).findLast((report) => report.status === status)
    return until(find, { what: `${replica.image} is told to be ${status}` })
  }

  gone(replica: DesiredReplica): Promise<ReplicaReport> {
    const find = () => this.controlPlane.reportsOn(replica.replicaId).find((report) => report.gone)
    return until(find, { what: `${replica.image} is told to be gone` })
  }

  /** Waits `ms` milliseconds of the rig's time. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, () => resolve()))
  }

  async dispose(): Promise<void> {
    await this.stop()
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  private newEngine(): Engine {
    return this.around(this.bareEngine())
  }

  /** The unwrapped engine; a new instance keeps the containers, as after a restart. */
  bareEngine(): SimulatedEngine {
    const { name, clock } = this
    const capacity = { cpuCores: 8, memoryMb: 16_384, storageGb: 100 }
    const store = inFile(join(this.dataDir, 'engine.json'))
    return new SimulatedEngine({ name, seed: 1, capacity, store, clock })
  }
}

/** Overrides some calls of an engine. */
export const withCalls = (engine: SimulatedEngine, calls: (engine: SimulatedEngine) => Partial<Engine>): Engine => {
  const own = calls(engine)
  return new Proxy<Engine>(engine, {
    get(target, name: keyof Engine) {
      const value = own[name] ?? target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

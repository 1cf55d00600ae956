/** One program on simulated engines with a control plane in memory, fifty times faster than life. */
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
  /** The engine of the running program. */
  engine: Engine
  timing: Partial<NodeTiming> = {}
  token: string | null = 'token'
  /** Why the running program could not go on. */
  ended: Error | null = null
  private runner: Runner | null = null

  constructor(
    readonly name = 'node-01',
    /** Puts something between the agent and the engine. */
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

  /** As by kill -9: it says nothing more. What it left on the disk is all that the next start has. */
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

  /** Lets so many milliseconds of the rig's time pass. */
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

  /** The engine with nothing around it: another run of the program that keeps the containers. */
  bareEngine(): SimulatedEngine {
    const { name, clock } = this
    const capacity = { cpuCores: 8, memoryMb: 16_384, storageGb: 100 }
    const store = inFile(join(this.dataDir, 'engine.json'))
    return new SimulatedEngine({ name, seed: 1, capacity, store, clock })
  }
}

/** An engine of which some calls are done otherwise. */
export const withCalls = (engine: SimulatedEngine, calls: (engine: SimulatedEngine) => Partial<Engine>): Engine => {
  const own = calls(engine)
  return new Proxy<Engine>(engine, {
    get(target, name: keyof Engine) {
      const value = own[name] ?? target[name]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Runs one agent on one real engine, wired as in agent/cli/main.ts, with any control plane. */
import { join } from 'node:path'
import { describeNode } from '@/agent/cli/settings'
import { DockerEngine } from '@/agent/engines/docker/engine'
import { systemClock } from '@/agent/lib/clock'
import { quietLogger } from '@/agent/lib/log'
import { readMachine } from '@/agent/lib/machine'
import { Runner } from '@/agent/loop/runner'
import type { ControlPlane, Speaker } from '@/agent/transport/control-plane'
import type { TestEngine } from './cluster'

const size = { cpuCores: 2, memoryMb: 4096 }

interface EngineAgentOptions {
  name: string
  engine: TestEngine
  /** The parent of the agent's own folder. */
  dataDir: string
  token: string
  connect: (speaker: Speaker) => ControlPlane
}

export class EngineAgent {
  readonly docker: DockerEngine
  private runner: Runner | null = null
  private starts = 0

  constructor(private readonly options: EngineAgentOptions) {
    this.docker = new DockerEngine({
      socketPath: options.engine.socket,
      usage: 'containers',
      capacity: size,
      pullStallMs: 5_000,
      callTimeoutMs: 2_000,
    })
  }

  get name(): string {
    return this.options.name
  }

  get engine(): TestEngine {
    return this.options.engine
  }

  async start(): Promise<void> {
    const { name, dataDir, token, connect } = this.options
    this.runner = new Runner({
      server: 'http://memory',
      token,
      dataDir: join(dataDir, name),
      names: [name],
      describe: async () => [describeNode(name, size, await this.docker.info())],
      engineOf: () => this.docker,
      durable: true,
      connect: (_server, speaker) => connect(speaker),
      // Each start is a new process on the same machine, and the previous one has ended.
      machine: async () => ({ ...(await readMachine()), hostName: name, processStart: String(++this.starts) }),
      onEnd: (error) => {
        throw error
      },
      clock: systemClock,
      random: Math.random,
      log: quietLogger,
      timing: { resyncMs: 1_000, stopGraceSeconds: 1 },
    })
    await this.runner.start()
  }

  /** `graceMs`: how long waiting reports may take; 0 is like kill -9. */
  async stop(graceMs?: number): Promise<void> {
    await this.runner?.stop(graceMs)
    this.runner = null
  }

  async containers(): Promise<Record<string, unknown>[]> {
    const list = await this.docker.http.json({ path: '/containers/json', query: { all: true } })
    return list as Record<string, unknown>[]
  }

  async inspected(id: string | null): Promise<Record<string, Record<string, unknown>>> {
    return (await this.docker.http.json({ path: `/containers/${id}/json` })) as Record<string, Record<string, unknown>>
  }
}

/** Starts whole agent processes, as `npm run agent` and `npm run fleet` do. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

export interface AgentProcessOptions {
  token?: string
  ipc?: boolean
  env?: Record<string, string>
  /** A command in front that runs the process, such as `nsenter`. */
  before?: readonly string[]
}

export class AgentProcess {
  readonly child: ChildProcess
  /** The output on stderr so far. */
  said = ''

  constructor(
    program: 'main' | 'fleet',
    args: string[],
    { token, ipc = false, env: more = {}, before = [] }: AgentProcessOptions = {},
  ) {
    const { FOGDECK_JOIN_TOKEN: _none, DOCKER_HOST: _host, ...rest } = process.env
    const join = token ? { FOGDECK_JOIN_TOKEN: token } : {}
    const env = { ...rest, LOG_LEVEL: 'debug', FOGDECK_LOG: 'pretty', ...join, ...more }
    const [command = '', ...line] = [...before, process.execPath, '--import', 'tsx', `agent/cli/${program}.ts`, ...args]
    this.child = spawn(command, line, {
      env,
      stdio: ['ignore', 'ignore', 'pipe', ...(ipc ? ['ipc' as const] : [])],
    })
    this.child.stderr?.on('data', (chunk) => {
      this.said += chunk
    })
  }

  /** Resolves with the exit code, or the signal that ended the process. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    const { child } = this
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    return child.exitCode ?? child.signalCode
  }

  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    this.child.kill(signal)
    return this.ended()
  }
}

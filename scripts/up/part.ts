/** One program beside the supervisor, which is started, restarted when it dies, and stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, say } from './progress'

export interface Command {
  /** Arguments of Node. */
  args: string[]
  env: NodeJS.ProcessEnv
}

interface PartOptions {
  name: string
  /** Called at each start, because addresses and tokens change. */
  command: () => Promise<Command>
  /** Called when the process started or ended. */
  onChange: () => void
}

const firstDelayMs = 500
const longestDelayMs = 15_000
/** A program that ran for this long may restart at once. */
const monotonicMs = 30_000
const stopGraceMs = 8_000

export class Part {
  private child: ChildProcess | null = null
  private readonly stopping = new AbortController()
  private running: Promise<void> = Promise.resolve()
  /** Deaths since the start, or since the last steady run. */
  deaths = 0

  constructor(private readonly options: PartOptions) {}

  get name(): string {
    return this.options.name
  }

  get pid(): number | null {
    return this.child?.pid ?? null
  }

  start(): void {
    this.running = this.keepRunning()
  }

  /** Ends the current process. The next one starts at once, with a new command. */
  restart(): void {
    this.deaths = 0
    this.child?.kill('SIGTERM')
  }

  /** Asks the process to end, and kills it if it doesn't. */
  async stop(): Promise<void> {
    this.stopping.abort()
    const { child } = this
    child?.kill('SIGTERM')
    const timer = setTimeout(() => {
      say(`The ${this.name} does not stop: killing it`)
      child?.kill('SIGKILL')
    }, stopGraceMs)
    await this.running
    clearTimeout(timer)
  }

  private async keepRunning(): Promise<void> {
    const { signal } = this.stopping
    while (!signal.aborted) {
      const startedAt = performance.now()
      const end = await this.runOnce().catch(messageOf)
      if (signal.aborted) return
      if (performance.now() - startedAt > monotonicMs) this.deaths = 0
      const delayMs = Math.min(firstDelayMs * 2 ** this.deaths, longestDelayMs)
      this.deaths += 1
      say(`The ${this.name} ended (${end}): starting it again in ${delayMs / 1000} s`)
      await sleep(delayMs, undefined, { signal }).catch(() => {})
    }
  }

  private async runOnce(): Promise<string> {
    const { args, env } = await this.options.command()
    if (this.stopping.signal.aborted) return 'not started'
    // In its own process group, so that Ctrl+C reaches only the supervisor, which stops the parts in order. The channel
    // tells a part when its supervisor is gone.
    const child = spawn(process.execPath, args, { env, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.child = child
    this.options.onChange()
    try {
      const [code, signal] = await once(child, 'exit')
      return signal ?? `code ${code}`
    } finally {
      this.child = null
      this.options.onChange()
    }
  }
}

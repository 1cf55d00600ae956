/** One program of the control plane under attack: started, killed, paused, started again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'

export interface Launch {
  program: string
  args: string[]
  env: NodeJS.ProcessEnv
}

interface ProgramOptions {
  name: string
  /** The folder of the source tree that it runs from. */
  root: string
  logFile: string
  launch: () => Promise<Launch>
  /** It ended without having been told to. */
  onDeath: (how: string) => void
}

/** What this process started and has not ended yet: nothing may outlive a run that is interrupted. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Program {
  private child: ChildProcess | null = null
  private wanted = false
  /** How often it was started. */
  starts = 0

  constructor(private readonly options: ProgramOptions) {}

  get name(): string {
    return this.options.name
  }

  get pid(): number | null {
    return this.child?.pid ?? null
  }

  async start(): Promise<void> {
    this.wanted = true
    if (this.child) return
    const { program, args, env } = await this.options.launch()
    // Killed or started by somebody else meanwhile.
    if (this.child || !this.wanted) return
    const log = openSync(this.options.logFile, 'a')
    // By the channel it notices when this run is killed.
    const child = spawn(program, args, { cwd: this.options.root, env, stdio: ['ignore', log, log, 'ipc'] })
    closeSync(log)
    this.starts += 1
    this.child = child
    running.add(child)
    child.once('exit', (code, signal) => {
      running.delete(child)
      if (this.child === child) this.child = null
      if (this.wanted) this.options.onDeath(signal ?? `code ${code}`)
    })
  }

  /** As by SIGKILL; also what is paused dies of it. */
  async kill(): Promise<void> {
    this.wanted = false
    const { child } = this
    if (!child) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** In good order; killed when it takes its time. */
  async stop(): Promise<void> {
    this.wanted = false
    const { child } = this
    if (!child) return
    const exited = once(child, 'exit')
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(timer)
  }

  /** Over its channel; false when it does not run. */
  send(order: object): boolean {
    return this.child?.connected === true && this.child.send(order)
  }

  /** @returns undoes it for the process that was paused, also when another one runs by then. */
  pause(): () => void {
    const { child } = this
    child?.kill('SIGSTOP')
    return () => void child?.kill('SIGCONT')
  }
}

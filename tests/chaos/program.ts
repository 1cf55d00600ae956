/** One program of the control plane under attack, which can be started, killed and paused. */
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
  /** The root of the source tree that the program runs from. */
  root: string
  logFile: string
  launch: () => Promise<Launch>
  /** Called when the program ends although nobody ended it. */
  onDeath: (how: string) => void
}

/** Processes that this process started and has not ended: none may outlive an interrupted run. */
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export class Program {
  private child: ChildProcess | null = null
  private wanted = false
  /** How often the program was started. */
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
    // Another call killed or started the program meanwhile.
    if (this.child || !this.wanted) return
    const log = openSync(this.options.logFile, 'a')
    // The IPC channel tells the child when this run is killed.
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

  /** Kills with SIGKILL, which also works on a paused process. */
  async kill(): Promise<void> {
    this.wanted = false
    const { child } = this
    if (!child) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  /** Stops gracefully, and kills the program when it takes too long. */
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

  /** Sends over the channel. False when the program does not run. */
  send(order: object): boolean {
    return this.child?.connected === true && this.child.send(order)
  }

  /** @returns undoes the pause of this process, even when another one runs by then. */
  pause(): () => void {
    const { child } = this
    child?.kill('SIGSTOP')
    return () => void child?.kill('SIGCONT')
  }
}

/** Runs real scheduler processes on a test database. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadSecrets, secretsFile } from '@/server/lib/secrets'

export class SchedulerProcess {
  output = ''
  readonly #child: ChildProcess

  constructor(databaseUrl: string, dataDir: string) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', 'server/worker/main.ts'], {
      env: {
        ...process.env,
        DATABASE_URL: databaseUrl,
        FOGDECK_DATA_DIR: dataDir,
        FOGDECK_WEBHOOK_ADDRESSES: '127.0.0.1',
        LOG_LEVEL: 'debug',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text
      })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Resolves once the output contains these words `times` times. */
  async says(message: string, times = 1): Promise<void> {
    while (this.output.split(message).length <= times) {
      if (this.ended) throw new Error(`It ended and said:\n${this.output}`)
      await sleep(20)
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Ends the process. @returns its exit code; null when a signal ended it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (!this.ended) {
      const exit = once(this.#child, 'exit')
      // A suspended process receives no other signal.
      if (signal !== 'SIGKILL') this.#child.kill('SIGCONT')
      this.#child.kill(signal)
      await exit
    }
    return this.#child.exitCode
  }
}

/**
 * Starts schedulers that share a data folder, which is removed with them. `sealKey`: the key of the secrets that they
 * should open.
 */
export function schedulerProcesses(
  databaseUrl: string,
  { sealKey }: { sealKey?: string } = {},
): {
  start(): SchedulerProcess
  endAll(): Promise<void>
} {
  const dataDir = mkdtempSync(join(tmpdir(), 'fogdeck-schedulers-'))
  if (sealKey) writeFileSync(secretsFile(dataDir), JSON.stringify({ ...loadSecrets(dataDir), sealKey }))
  const started: SchedulerProcess[] = []
  return {
    start() {
      const scheduler = new SchedulerProcess(databaseUrl, dataDir)
      started.push(scheduler)
      return scheduler
    },
    async endAll() {
      await Promise.all(started.map((scheduler) => scheduler.end('SIGKILL')))
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

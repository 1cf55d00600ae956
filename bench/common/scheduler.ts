/** The scheduler as a separate process, as in the product. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { leaderState } from '@/server/store/leader/leadership'
import type { Scratch } from './scratch'

interface SchedulerProcess {
  stop(): Promise<void>
}

/** Resolves once the scheduler leads. */
export async function startScheduler({ url, store }: Scratch): Promise<SchedulerProcess> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fogdeck-bench-'))
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'server/worker/main.ts'], {
    // The IPC channel tells the scheduler when this process is killed.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', DATABASE_URL: url, FOGDECK_DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    rmSync(dataDir, { recursive: true, force: true })
  }
  while (!(await leaderState(store)).present) {
    if (child.exitCode !== null) throw new Error('The scheduler ended before it led')
    await sleep(50)
  }
  return { stop }
}

/** How agent processes exit. */

import { messageOf } from '@/agent/lib/log'
import { FlagError } from './flags'

/** Stops on SIGTERM and SIGINT, and when the supervisor that started this process with IPC has gone. */
export const exitOnSignals = (stop: () => Promise<void>): void => {
  let ending = false
  const end = () => {
    // A second signal means that somebody doesn't want to wait.
    if (ending) process.exit(1)
    ending = true
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
  if (process.send) process.on('disconnect', end)
}

/** Prints one line on stderr that says what is wrong and what to do, and exits. */
export const explainAndExit =
  (part: string) =>
  (error: unknown): never => {
    process.stderr.write(`${part}: ${messageOf(error)}\n`)
    process.exit(error instanceof FlagError ? 2 : 1)
  }

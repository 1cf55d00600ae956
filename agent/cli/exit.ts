/** How agent programs end. */

import { wordsOf } from '@/agent/lib/log'
import { FlagError } from './flags'

/** On SIGTERM and SIGINT, and when the supervisor that started this program with IPC is gone. */
export const exitOnSignals = (stop: () => Promise<void>): void => {
  let ending = false
  const end = () => {
    // Asked twice: somebody doesn't want to wait.
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

/** One line on stderr, for a person: what is wrong and what to do. */
export const explainAndExit =
  (part: string) =>
  (error: unknown): never => {
    process.stderr.write(`${part}: ${wordsOf(error)}\n`)
    process.exit(error instanceof FlagError ? 2 : 1)
  }

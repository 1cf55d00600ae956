/** Messages for the person at the terminal. */

/** Prints one line, with the time since the start. */
export const say = (text: string): void => {
  process.stdout.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
}

/** A mistake or a condition that the person can change. Its message is printed without a stack. */
export class StartError extends Error {
  override name = 'StartError'
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** What the person at the terminal is told. */

/** One line, with the time since the start. */
export const say = (text: string): void => {
  process.stdout.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`)
}

/** A mistake or a circumstance that the person can change: told in its own words, without a stack. */
export class StartError extends Error {
  override name = 'StartError'
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

import pino from 'pino'
import pretty from 'pino-pretty'

export type Logger = pino.Logger

/**
 * Lines on stderr: readable on a terminal or when `FOGDECK_LOG=pretty`, JSON elsewhere. The name of the part (agent,
 * fleet) stands before each message. Secrets are never passed here; known names are blanked all the same.
 */
export const createLogger = (part: string, level = process.env.LOG_LEVEL ?? 'info'): Logger => {
  const options: pino.LoggerOptions = {
    level: level in pino.levels.values || level === 'silent' ? level : 'info',
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ['token', 'credential', 'env', '*.token', '*.credential', '*.env'], censor: '…' },
  }
  const readable = process.stderr.isTTY || process.env.FOGDECK_LOG === 'pretty'
  if (!readable) return pino(options, pino.destination({ fd: 2, sync: true }))
  return pino(
    options,
    pretty({
      destination: 2,
      sync: true,
      colorize: process.stderr.isTTY,
      translateTime: 'SYS:HH:MM:ss.l',
      ignore: 'pid,hostname,part,time',
      messageFormat: '{part}: {msg}',
    }),
  )
}

export const quietLogger: Logger = pino({ level: 'silent' })

/** What to tell of a failure: its own words and those of its causes, without a stack. */
export const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // "localhost" may be two addresses, and each of them refuses on its own.
  const several: unknown = error instanceof AggregateError && !error.message ? error.errors[0] : null
  if (several) return wordsOf(several)
  // fetch says only "fetch failed" and keeps the reason in its cause.
  const cause = error.cause instanceof Error ? wordsOf(error.cause) : ''
  if (!cause || error.message.includes(cause)) return error.message
  return cause.includes(error.message) ? cause : `${error.message}: ${cause}`
}

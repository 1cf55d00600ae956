import pino from 'pino'
import pretty from 'pino-pretty'

export type Logger = pino.Logger

/**
 * Writes log lines to stderr: readable on a terminal or with `FOGDECK_LOG=pretty`, JSON otherwise. Each message begins
 * with the name of the part (agent, fleet). Callers never pass secrets; known names are masked all the same.
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

/** The message of an error and its causes, without a stack. */
export const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // "localhost" may be two addresses, each of which refuses the connection.
  const several: unknown = error instanceof AggregateError && !error.message ? error.errors[0] : null
  if (several) return messageOf(several)
  // fetch only says "fetch failed", and its cause has the reason.
  const cause = error.cause instanceof Error ? messageOf(error.cause) : ''
  if (!cause || error.message.includes(cause)) return error.message
  return cause.includes(error.message) ? cause : `${error.message}: ${cause}`
}

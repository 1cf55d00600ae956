import pino from 'pino'
import pretty from 'pino-pretty'

export type Logger = pino.Logger

/**
 * JSON lines, or a readable form on a terminal. The lines of a scheduling run (core/scheduler/summary.ts) keep their wording:
 * people search for them.
 * Known names of secrets are blanked wherever a caller passes them by mistake.
 */
export function createLogger(part: string, level: string): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: { part },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['password', 'token', 'credential', 'env', '*.password', '*.token', '*.credential', '*.env'],
      censor: '…',
    },
  }
  return process.stdout.isTTY
    ? pino(
        options,
        pretty({
          sync: true,
          colorize: true,
          translateTime: 'HH:MM:ss.l',
          ignore: 'pid,hostname,part,time',
          messageFormat: '{part}: {msg}',
        }),
      )
    : pino(options)
}

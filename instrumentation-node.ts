import { getServices, stopServices } from './server/wiring'

/** Called once when the web process starts; Next leaves signals to us (NEXT_MANUAL_SIG_HANDLE). */
export function startWeb(): void {
  const { log } = getServices()
  let stopping = false
  const stop = (why: string) => {
    if (stopping) return
    stopping = true
    log.info(`Stopping: ${why}`)
    // Nothing may keep the process longer than this.
    setTimeout(() => process.exit(0), 3_000).unref()
    stopServices().finally(() => process.exit(0))
  }
  process.on('SIGTERM', () => stop('asked to'))
  process.on('SIGINT', () => stop('asked to'))
  // The supervisor is gone, whatever ended it: nobody is left to look after this process.
  process.on('disconnect', () => stop('the supervisor is gone'))
}

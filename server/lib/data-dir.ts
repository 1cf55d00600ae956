import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { hasCode } from './system-error'

/** True for the superuser of a Unix system; there the embedded database runs as another user. */
export const isRoot = process.getuid?.() === 0

/**
 * Makes the data folder. Only its owner can look into it; as root others may pass through it, because the embedded
 * database below it belongs to the user `postgres`. Every secret in it has mode 0600 all the same.
 * @throws Error with a sentence when it cannot be made.
 */
export function ensureDataDir(dataDir: string): void {
  const wanted = isRoot ? 0o711 : 0o700
  if (make(dataDir, wanted)) {
    // The umask may have taken bits away.
    chmodSync(dataDir, wanted)
    return
  }
  const mode = statSync(dataDir).mode & 0o777
  if (isRoot && (mode & 0o011) !== 0o011) chmodSync(dataDir, mode | 0o011)
}

/** False when it was there. */
function make(dataDir: string, mode: number): boolean {
  try {
    // Not recursive without need: below /proc that would never end.
    mkdirSync(dataDir, { recursive: !existsSync(dirname(dataDir)), mode })
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST') && statSync(dataDir).isDirectory()) return false
    throw new Error(`FOGDECK_DATA_DIR: the folder ${dataDir} cannot be made: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** Allows one process per data folder: two processes with the same nodes would undo each other's work. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readText, writeAtomic } from './files'

/** Throws when another live process holds the folder. Takes over the lock of a dead one. */
export const lockDataDir = async (dataDir: string): Promise<void> => {
  const path = join(dataDir, 'lock')
  const [pidText = '', startedAt] = ((await readText(path)) ?? '').split(' ')
  const pid = Number(pidText)
  const isAlive = pid > 0 && pid !== process.pid && (await processStart(pid)) === startedAt
  if (isAlive) throw new Error(`another agent (process ${pid}) uses ${dataDir}: choose another --name or --data-dir`)
  await writeAtomic(path, `${process.pid} ${await processStart(process.pid)}`)
}

/**
 * The start time of a process, which distinguishes it from a later process with the same id; null when there is none.
 */
export const processStart = async (pid: number): Promise<string | null> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may contain anything, so fields are counted after it; the first one is the state.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
  } catch {
    return isThere(pid) ? 'unknown' : null
  }
}

/** Systems without /proc only show whether a process with this id exists. */
const isThere = (pid: number): boolean => {
  try {
    return process.platform !== 'linux' && process.kill(pid, 0)
  } catch {
    return false
  }
}

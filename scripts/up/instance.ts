/**
 * Which start of Fogdeck uses a data folder: a file with the supervisor's process and its children. The file counts
 * only as long as that process lives, so nothing has to be cleaned up after a crash.
 */
import { randomUUID } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStart } from '../../agent/lib/lock'
import { hasCode } from '../../server/lib/system-error'

interface ProcessMark {
  pid: number
  /** The start time, as the system prints it. Distinguishes the process from a later one with the same id. */
  startedAt: string
}

interface Record {
  supervisor: ProcessMark
  /** Null for a part that serves no pages. */
  url: string | null
  children: ProcessMark[]
}

export interface Instance {
  /** Children that must not outlive the supervisor. Otherwise the next start ends them. */
  setChildren(pids: number[]): Promise<void>
  /** The number of other starts that use the same data folder now. */
  others(): Promise<number>
  release(): void
}

const prefix = 'running-'
const fileOf = (dataDir: string, key: string): string => join(dataDir, `${prefix}${key}.json`)

/**
 * @param key what may run only once per data folder: `all`, `scheduler`, `web-3000`. @returns the instance, or the one
 * that runs already.
 */
export async function claimInstance(
  dataDir: string,
  { key, url }: { key: string; url: string | null },
): Promise<{ instance: Instance } | { heldBy: { pid: number; url: string | null } }> {
  const file = fileOf(dataDir, key)
  const mine: Record = { supervisor: await markOf(process.pid), url, children: [] }
  for (;;) {
    if (place(file, mine)) break
    const held = read(file)
    if (held && (await isAlive(held.supervisor))) return { heldBy: { pid: held.supervisor.pid, url: held.url } }
    // Moved away under a unique name: two starts may have seen the same dead record, and one may have replaced it by
    // now.
    const away = `${file}.${randomUUID()}`
    if (!moved(file, away)) continue
    const gone = read(away)
    if (gone && (await isAlive(gone.supervisor))) place(file, gone)
    else await endOrphans(gone?.children ?? [])
    rmSync(away)
  }
  return { instance: instanceOf({ dataDir, file, mine }) }
}

function instanceOf({ dataDir, file, mine }: { dataDir: string; file: string; mine: Record }): Instance {
  return {
    async setChildren(pids) {
      const children = await Promise.all(pids.map(markOf))
      writeFileSync(`${file}.new`, JSON.stringify({ ...mine, children }))
      renameSync(`${file}.new`, file)
    },
    async others() {
      const files = readdirSync(dataDir).filter((name) => name.startsWith(prefix) && name.endsWith('.json'))
      const records = files.map((name) => read(join(dataDir, name))).filter((record) => record !== null)
      const alive = await Promise.all(records.map(({ supervisor }) => isAlive(supervisor)))
      return records.filter(({ supervisor }, index) => alive[index] && supervisor.pid !== process.pid).length
    },
    release: () => rmSync(file, { force: true }),
  }
}

const markOf = async (pid: number): Promise<ProcessMark> => ({ pid, startedAt: (await processStart(pid)) ?? 'gone' })
const isAlive = async ({ pid, startedAt }: ProcessMark): Promise<boolean> => (await processStart(pid)) === startedAt

/**
 * Written to another file and linked, so that the record is complete from the start. False when there is one already.
 */
function place(file: string, record: Record): boolean {
  const aside = `${file}.${randomUUID()}`
  writeFileSync(aside, JSON.stringify(record))
  try {
    linkSync(aside, file)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  } finally {
    rmSync(aside)
  }
}

function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

function read(file: string): Record | null {
  try {
    // Only this module writes the file.
    return JSON.parse(readFileSync(file, 'utf8')) as Record
  } catch {
    return null
  }
}

const orphanGraceMs = 6_000

/** Children exit by themselves when their supervisor is gone. Those that don't are killed. */
async function endOrphans(children: ProcessMark[]): Promise<void> {
  const deadline = performance.now() + orphanGraceMs
  for (const child of children) {
    while ((await isAlive(child)) && performance.now() < deadline) await sleep(50)
    if (await isAlive(child)) process.kill(child.pid, 'SIGKILL')
  }
}

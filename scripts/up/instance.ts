/**
 * Which start of Fogdeck uses a data folder: a file with the supervisor's process and its children. It holds only as
 * long as that process lives, so nothing has to be cleaned up after a crash.
 */
import { randomUUID } from 'node:crypto'
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStart } from '../../agent/lib/lock'
import { hasCode } from '../../server/lib/system-error'

interface ProcessMark {
  pid: number
  /** When it started, in the words of the system: tells a number that is used again from the process it meant. */
  startedAt: string
}

interface Record {
  supervisor: ProcessMark
  /** Null for a part that serves no pages. */
  url: string | null
  children: ProcessMark[]
}

export interface Instance {
  /** Children that must not outlive the supervisor; they are seen to by the next start if they do. */
  setChildren(pids: number[]): Promise<void>
  /** Other starts that use the same data folder now. */
  others(): Promise<number>
  release(): void
}

const prefix = 'running-'
const fileOf = (dataDir: string, key: string): string => join(dataDir, `${prefix}${key}.json`)

/**
 * @param key what may run once on a data folder: `all`, `scheduler`, `web-3000`.
 * @returns the instance, or the one that holds the place.
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
    // Taken away under a name of its own: two starts may have seen the same dead one, and one may hold it by now.
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

/** Written aside and linked, so that the file is whole from its first moment. False when there is one already. */
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
    // Written by this file alone.
    return JSON.parse(readFileSync(file, 'utf8')) as Record
  } catch {
    return null
  }
}

const orphanGraceMs = 6_000

/** They leave by themselves when their supervisor is gone; those that don't are killed. */
async function endOrphans(children: ProcessMark[]): Promise<void> {
  const deadline = performance.now() + orphanGraceMs
  for (const child of children) {
    while ((await isAlive(child)) && performance.now() < deadline) await sleep(50)
    if (await isAlive(child)) process.kill(child.pid, 'SIGKILL')
  }
}

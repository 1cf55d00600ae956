/** Files of the agent's data folder: readable only by their owner, and replaced atomically. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Null when there is no such file. */
export const readText = async (path: string): Promise<string | null> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Replaces a file atomically. `durable` waits for fsync, so that the new file survives a power cut. */
export const writeAtomic = async (path: string, text: string, durable = true): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const fresh = `${path}.${process.pid}.tmp`
  try {
    await writeNew(fresh, text, durable)
    await rename(fresh, path)
  } catch (error) {
    // A partial file would only fill a full disk further.
    await rm(fresh, { force: true }).catch(() => undefined)
    throw error
  }
  if (durable) await syncFolder(dirname(path))
}

const writeNew = async (path: string, text: string, durable: boolean): Promise<void> => {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(text)
    if (durable) await file.datasync()
  } finally {
    await file.close()
  }
}

/** Until the folder is synced, a power cut may bring the old file back. */
const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** Stores a state; `save` writes the state of that moment or a later one. */
export interface StateStore {
  load(): Promise<string | null>
  save(): Promise<void>
}

/** Saves a changing state in one file; changes during a write are written together afterwards. */
export class SavedFile implements StateStore {
  private running: Promise<void> = Promise.resolve()
  private next: Promise<void> | null = null

  constructor(
    private readonly path: string,
    private readonly render: () => string,
    private readonly durable = true,
  ) {}

  load(): Promise<string | null> {
    return readText(this.path)
  }

  /** Resolves when the state of this moment, or a newer one, is in the file. */
  save(): Promise<void> {
    if (this.next) return this.next
    const turn = this.running.then(() => {
      this.next = null
      return writeAtomic(this.path, this.render(), this.durable)
    })
    this.next = turn
    // The caller gets the error, and the next write happens anyway.
    this.running = turn.catch(() => undefined)
    return turn
  }
}

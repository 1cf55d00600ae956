/**
 * Searches for secrets where they must not be: in logs, in files and tables of the database, in the data of agents.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger } from '@/tests/chaos/ledger'

interface Places {
  /** Folders to search, each with a name. */
  folders: Record<string, string>
  /** Plain texts to search: answers and rows. */
  texts: Record<string, string>
}

/** Every file below a folder. A file that disappears meanwhile is skipped. */
function* filesBelow(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* filesBelow(path)
    else if (entry.isFile()) yield path
  }
}

/** The bytes as they are, and as hexadecimal digits, which is how PostgreSQL prints bytes. */
const guises = (secret: string): Buffer[] => [Buffer.from(secret), Buffer.from(Buffer.from(secret).toString('hex'))]

export function checkSecrets(ledger: Ledger, secrets: string[], { folders, texts }: Places): void {
  const inspect = (place: string, content: Buffer) => {
    const shown = secrets.filter((secret) => guises(secret).some((guise) => content.includes(guise)))
    ledger.check('secrets', shown.length === 0, place, () => ({
      what: `${place} shows ${shown.length} secrets in the clear`,
      evidence: shown.map((secret) => `${secret.slice(0, 6)}…`),
    }))
  }
  for (const [name, folder] of Object.entries(folders))
    for (const file of filesBelow(folder)) inspect(`${name}${file.slice(folder.length)}`, readFileSync(file))
  for (const [name, text] of Object.entries(texts)) inspect(name, Buffer.from(text))
}

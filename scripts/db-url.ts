/** `npm run -s db:url`: prints the URL of the database in use, for psql, pg_dump and other programs. */
import { parseArgs } from 'node:util'
import { readEnv } from '../server/lib/env'
import { existingDatabase, runProgram } from './lib/existing-database'

const usage = `npm run -s db:url

Prints the address of the database in use, with its password:

  psql "$(npm run -s db:url)"
  pg_dump "$(npm run -s db:url)" > fogdeck.sql

An embedded database that doesn't run is started, and left running.
Environment: DATABASE_URL, FOGDECK_DATA_DIR (as for npm start).`

await runProgram(async () => {
  const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } })
  return values.help ? usage : (await existingDatabase(readEnv())).url
})

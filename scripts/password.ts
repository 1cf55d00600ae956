/** `npm run -s password -- NAME`: sets a new password for a user, for when nobody can sign in any more. */
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { readEnv } from '../server/lib/env'
import { listUsers, setUserDisabled, setUserPassword } from '../server/store/accounts/users'
import { systemAuthor } from '../server/store/records/audit'
import { runProgram, withExistingStore } from './lib/existing-database'

const usage = `npm run -s password -- [NAME]

Gives a user (FOGDECK_ADMIN_USERNAME, else admin) a new password and prints it. A disabled account is enabled. Whoever
is signed in as that user is signed out; API tokens of that user made before stay as they are.
Environment: DATABASE_URL, FOGDECK_DATA_DIR (as for npm start).`

await runProgram(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) return usage
  if (positionals.length > 1) throw new Error(`Name one user.\n\n${usage}`)
  const env = readEnv()
  const name = (positionals[0] ?? env.adminUsername).toLowerCase()
  const password = randomBytes(12).toString('base64url')
  return withExistingStore(env, async (store) => {
    const user = (await listUsers(store)).find(({ username }) => username === name)
    if (!user) throw new Error(`There is no user ${name}`)
    await setUserPassword(store, systemAuthor, { id: user.id, password })
    await setUserDisabled(store, systemAuthor, { id: user.id, disabled: false })
    return password
  })
})

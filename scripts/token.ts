/** `npm run token -- join|api`: creates a token and prints it, for use in scripts. The pages can do the same. */
import { parseArgs } from 'node:util'
import { type Role, roles } from '../core/accounts/roles'
import { readEnv } from '../server/lib/env'
import { createApiToken } from '../server/store/accounts/api-tokens'
import { createJoinToken } from '../server/store/agents/join-tokens'
import { systemAuthor } from '../server/store/records/audit'
import { runProgram, withExistingStore } from './lib/existing-database'

const usage = `npm run -s token -- join|api [options]

  join          a token with which nodes join
  api           a token for programs that call the REST API as a user

  --name NAME   what the token is called in lists ("from the command line")
  --nodes N     join: how many nodes may join with it (any number)
  --hours N     when it expires (join: 24; api: never)
  --user USER   api: whose rights it has (FOGDECK_ADMIN_USERNAME, else admin)
  --scope ROLE  api: at most the rights of this role: admin, operator or viewer (those of the user)

Prints the token and nothing else; it cannot be shown again.
Environment: DATABASE_URL, FOGDECK_DATA_DIR (as for npm start).`

const longestHours = 24 * 366 * 10

await runProgram(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      name: { type: 'string', default: 'from the command line' },
      nodes: { type: 'string' },
      hours: { type: 'string' },
      user: { type: 'string' },
      scope: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) return usage
  const [kind, ...more] = positionals
  if ((kind !== 'join' && kind !== 'api') || more.length > 0)
    throw new Error(`Say which token, join or api.\n\n${usage}`)
  if (values.name.length < 1 || values.name.length > 100) throw new Error('--name must be 1 to 100 characters')
  const hours = wholeNumber('hours', values.hours, longestHours)
  const nodes = wholeNumber('nodes', values.nodes, 1_000_000)
  const env = readEnv()
  const made = await withExistingStore(env, (store) =>
    kind === 'join'
      ? createJoinToken(store, systemAuthor, { name: values.name, maxNodes: nodes, expiresInHours: hours ?? 24 })
      : createApiToken(store, systemAuthor, {
          username: values.user ?? env.adminUsername,
          name: values.name,
          scope: values.scope === undefined ? null : roleOf(values.scope),
          expiresInHours: hours,
        }),
  )
  return made.token
})

function roleOf(text: string): Role {
  const role = roles.find((one) => one === text)
  if (role) return role
  throw new Error(`--scope must be one of ${roles.join(', ')}, not "${text}"`)
}

function wholeNumber(name: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value
  throw new Error(`--${name} must be a whole number from 1 to ${max}, not "${text}"`)
}

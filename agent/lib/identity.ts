/** Who an agent program is, kept in its own data folder, so that a restart is the same node. */
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { readText, writeAtomic } from './files'

export interface Identity {
  server: string
  /** A secret that the program made for itself; the control plane knows its hash alone. */
  credential: string
  /** `formerIds`: from before the node was removed and joined anew; containers may still carry them. */
  nodes: { id: string; name: string; formerIds: string[] }[]
  heartbeatSeconds: number
}

/** `--data-dir`, else FOGDECK_AGENT_DIR, else a folder of its own for each name in FOGDECK_DATA_DIR. */
export const dataDirOf = (name: string, flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string =>
  resolve(flag ?? (env.FOGDECK_AGENT_DIR || join(env.FOGDECK_DATA_DIR || '.fogdeck', 'agents', name)))

/** The join token of the command line, else of the environment, where other users of the machine do not see it. */
export const joinTokenOf = (flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string | null =>
  (flag ?? env.FOGDECK_JOIN_TOKEN)?.trim() || null

const fileIn = (dataDir: string): string => join(dataDir, 'identity.json')

export const newIdentity = (server: string): Identity => ({
  server,
  credential: randomBytes(32).toString('base64url'),
  nodes: [],
  heartbeatSeconds: 5,
})

/** Null when this folder has none yet. */
export const readIdentity = async (dataDir: string): Promise<Identity | null> => {
  const path = fileIn(dataDir)
  const text = await readText(path)
  if (text === null) return null
  const value: unknown = JSON.parse(text)
  if (!isIdentity(value)) throw new Error(`${path} is not an agent's identity: move it away to join as a new node`)
  return value
}

export const writeIdentity = (dataDir: string, identity: Identity): Promise<void> =>
  writeAtomic(fileIn(dataDir), `${JSON.stringify(identity, null, 2)}\n`)

/**
 * The same identity after a join. A node that got another id keeps the ones that it had. Nodes that did not start this
 * time stay: they are the same nodes when they start again.
 */
export const afterJoin = (
  identity: Identity,
  joined: { nodes: { id: string; name: string }[]; heartbeatSeconds: number },
): Identity => ({
  ...identity,
  heartbeatSeconds: joined.heartbeatSeconds,
  nodes: [
    ...joined.nodes.map(({ id, name }) => {
      const before = identity.nodes.find((node) => node.name === name)
      const formerIds = new Set(before ? [...before.formerIds, before.id] : [])
      formerIds.delete(id)
      return { id, name, formerIds: [...formerIds] }
    }),
    ...identity.nodes.filter(({ name }) => !joined.nodes.some((node) => node.name === name)),
  ],
})

const isIdentity = (value: unknown): value is Identity =>
  typeof value === 'object' &&
  value !== null &&
  'credential' in value &&
  typeof value.credential === 'string' &&
  'nodes' in value &&
  Array.isArray(value.nodes) &&
  'server' in value &&
  'heartbeatSeconds' in value

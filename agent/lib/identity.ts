/** The identity of an agent, saved in its data folder, so that a restarted agent is the same node. */
import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { readText, writeAtomic } from './files'

export interface Identity {
  server: string
  /** A secret that the agent generated; the control plane knows only its hash. */
  credential: string
  /** `formerIds`: ids from before the node was removed and rejoined; containers may still carry them. */
  nodes: { id: string; name: string; formerIds: string[] }[]
  heartbeatSeconds: number
}

/** The data folder: `--data-dir`, else FOGDECK_AGENT_DIR, else a folder per name in FOGDECK_DATA_DIR. */
export const dataDirOf = (name: string, flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string =>
  resolve(flag ?? (env.FOGDECK_AGENT_DIR || join(env.FOGDECK_DATA_DIR || '.fogdeck', 'agents', name)))

/** The join token from the command line, or from the environment, where other users of the machine can't see it. */
export const joinTokenOf = (flag: string | undefined, env: NodeJS.ProcessEnv = process.env): string | null =>
  (flag ?? env.FOGDECK_JOIN_TOKEN)?.trim() || null

const fileIn = (dataDir: string): string => join(dataDir, 'identity.json')

export const newIdentity = (server: string): Identity => ({
  server,
  credential: randomBytes(32).toString('base64url'),
  nodes: [],
  heartbeatSeconds: 5,
})

/** Null when the folder has no identity yet. */
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
 * Returns the identity after a join. A node with a new id keeps its former ids. Nodes that were not started this time
 * stay, and will be the same nodes when they start again.
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

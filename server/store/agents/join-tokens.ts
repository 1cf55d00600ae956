import { v7 as uuid } from 'uuid'
import { Failure, isUuid, notFound } from '@/core/contract/failure'
import type { NodeStatus } from '@/core/placement/node-status'
import type { JoinTokenView } from '@/core/views/accounts'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { hashToken, makeToken } from '@/server/store/accounts/credentials'
import { type Author, audit } from '@/server/store/records/audit'

/** Creates a join token. It is returned once, and only its hash is stored. `maxNodes` null: any number of nodes. */
export async function createJoinToken(
  store: Store,
  author: Author,
  input: { name: string; maxNodes: number | null; expiresInHours: number },
): Promise<{ id: string; token: string }> {
  const id = uuid()
  const token = makeToken('fdj')
  await transaction(store, async (tx) => {
    await tx.query(
      `insert into join_tokens (id, name, token_hash, max_uses, created_by, expires_at)
       values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
      [id, input.name, hashToken(token), input.maxNodes, author.name, input.expiresInHours * 3600],
    )
    const after = { name: input.name, maxNodes: input.maxNodes, expiresInHours: input.expiresInHours }
    await audit(tx, author, { action: 'join-token.create', subjectType: 'join-token', subjectId: id, after })
    await announce(tx, [{ topic: 'token', ids: [id] }])
  })
  return { id, token }
}

export async function revokeJoinToken(store: Store, author: Author, id: string): Promise<void> {
  await transaction(store, async (tx) => {
    if (!isUuid(id)) throw notFound('join token', id)
    const { rowCount } = await tx.query(
      'update join_tokens set revoked_at = coalesce(revoked_at, now()) where id = $1',
      [id],
    )
    if (!rowCount) throw notFound('join token', id)
    await audit(tx, author, { action: 'join-token.revoke', subjectType: 'join-token', subjectId: id })
    await announce(tx, [{ topic: 'token', ids: [id] }])
  })
}

export interface JoinToken {
  id: string
  name: string
  /** How many more nodes may join with the token; null means any number. */
  nodesLeft: number | null
}

/**
 * Locks the token of nodes that want to join. Throws a Failure that says what is wrong with the token.
 */
export async function requireJoinToken(tx: Pick<Tx, 'query'>, token: string | null): Promise<JoinToken> {
  if (token === null) throw new Failure('not-signed-in', 'A join token is needed: make one on the page Join a node')
  const { rows } = await tx.query<{
    id: string
    name: string
    uses: number
    max_uses: number | null
    expired: boolean
    revoked: boolean
  }>(
    `select id, name, uses, max_uses, expires_at <= now() as expired, revoked_at is not null as revoked
     from join_tokens where token_hash = $1 for update`,
    [hashToken(token)],
  )
  const row = rows[0]
  if (!row) throw new Failure('not-signed-in', 'This join token is not known here: check that it was copied whole')
  if (row.revoked) throw new Failure('not-signed-in', `The join token “${row.name}” was revoked: make a new one`)
  if (row.expired) throw new Failure('not-signed-in', `The join token “${row.name}” has expired: make a new one`)
  if (row.max_uses !== null && row.uses >= row.max_uses)
    throw new Failure('not-signed-in', `The join token “${row.name}” is used up: make a new one`)
  return { id: row.id, name: row.name, nodesLeft: row.max_uses === null ? null : row.max_uses - row.uses }
}

/** Counts nodes that join with the locked token. Throws a Failure if it does not allow that many. */
export async function spendJoinToken(tx: Tx, { id, name, nodesLeft }: JoinToken, nodes: number): Promise<void> {
  if (nodesLeft !== null && nodes > nodesLeft)
    throw new Failure(
      'not-signed-in',
      `The join token “${name}” is good for ${nodesLeft === 1 ? 'one more node' : `${nodesLeft} more nodes`}, and ${nodes} want to join: make one that is good for ${nodes} nodes`,
    )
  await tx.query('update join_tokens set uses = uses + $2, last_used_at = now() where id = $1', [id, nodes])
}

export async function listJoinTokens(store: Store, now: Date): Promise<JoinTokenView[]> {
  const tokens = await store.prisma.joinToken.findMany({
    orderBy: { createdAt: 'desc' },
    take: 200,
    include: { nodes: { select: { id: true, nodeId: true, status: true }, orderBy: { nodeId: 'asc' }, take: 20 } },
  })
  return tokens.map((token) => ({
    id: token.id,
    name: token.name,
    maxNodes: token.maxUses,
    joinedNodes: token.uses,
    createdBy: token.createdBy,
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    state: token.revokedAt
      ? 'revoked'
      : token.maxUses !== null && token.uses >= token.maxUses
        ? 'used up'
        : token.expiresAt <= now
          ? 'expired'
          : 'usable',
    nodes: token.nodes.map((node) => ({ ...node, status: node.status as NodeStatus })),
  }))
}

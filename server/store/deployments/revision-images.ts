/** The content of the image of each revision: the first one reported holds for all of its replicas. */
import type { ResolvedImage } from '@/core/agents/protocol'
import { canonicalImage, type ImageContent, parseImage } from '@/core/deployments/image'
import type { RevisionImageView } from '@/core/views/deployments'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce, type Change } from '@/server/db/notify'
import { raiseDesiredRevision } from '@/server/store/nodes/node-rows'

interface Subject {
  deployment_id: string
  revision: number
  node_name: string
  image: string
}

/**
 * Records what a node found the image of a replica's revision to be, unless another node was first. The answer is what
 * counts; null when the replica is not on this node. Other nodes of the revision hear of it with their wanted state.
 */
export async function recordRevisionImage(
  store: Store,
  nodeIds: ReadonlySet<string>,
  found: ResolvedImage,
): Promise<ImageContent | null> {
  if (!nodeIds.has(found.nodeId)) return null
  return transaction(store, async (tx) => {
    const { rows } = await tx.query<Subject>({
      name: 'subject-of-revision-image',
      text: `
        select r.deployment_id, r.revision, n.node_id as node_name,
          case when v.revision is null then d.container_image else v.spec->>'image' end as image
        from deployment_replicas r join nodes n on n.id = r.node_id join deployments d on d.id = r.deployment_id
        left join deployment_revisions v on v.deployment_id = d.id and v.revision = r.revision and r.revision <> d.revision
        where r.id = $1 and r.node_id = $2`,
      values: [found.replicaId, found.nodeId],
    })
    const subject = rows[0]
    if (!subject) return null
    if (await insertFirst(tx, subject, found)) {
      await announce(tx, await reportToOthers(tx, subject, found.nodeId))
      return { digest: found.digest, imageId: found.imageId }
    }
    const recorded = await tx.query<{ digest: string | null; image_id: string }>({
      name: 'recorded-revision-image',
      text: 'select digest, image_id from revision_images where deployment_id = $1 and revision = $2',
      values: [subject.deployment_id, subject.revision],
    })
    const first = recorded.rows[0]
    return first ? { digest: first.digest, imageId: first.image_id } : null
  })
}

/** Whether this answer was the first. */
async function insertFirst(tx: Tx, { deployment_id, revision, node_name, image }: Subject, found: ResolvedImage) {
  const { rowCount } = await tx.query({
    name: 'insert-revision-image',
    text: `
      insert into revision_images as i (deployment_id, revision, reference, digest, image_id, from_registry, resolved_by, resolved_at)
      values ($1, $2, $3, $4, $5, $6, $7, now())
      on conflict (deployment_id, revision) do update set digest = excluded.digest, image_id = excluded.image_id,
        from_registry = excluded.from_registry, resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at
      where i.resolved_at is null`,
    values: [
      deployment_id,
      revision,
      canonicalImage(image),
      found.digest,
      found.imageId,
      found.fromRegistry,
      node_name,
    ],
  })
  return rowCount === 1
}

/** The program that asked has the answer already, and shares it among its nodes. */
async function reportToOthers(tx: Tx, { deployment_id, revision }: Subject, nodeId: string): Promise<Change[]> {
  const { rows } = await tx.query<{ node_id: string }>({
    name: 'nodes-of-revision',
    text: `
      select distinct r.node_id from deployment_replicas r join nodes n on n.id = r.node_id
      where r.deployment_id = $1 and r.revision = $2 and r.reserved and r.wanted = 'run'
        and n.credential_hash <> (select credential_hash from nodes where id = $3)`,
    values: [deployment_id, revision, nodeId],
  })
  const ids = rows.map((row) => row.node_id).sort()
  await raiseDesiredRevision(tx, ids)
  const deployment: Change = { topic: 'deployment', ids: [deployment_id] }
  return ids.length === 0 ? [deployment] : [deployment, { topic: 'wanted', ids }]
}

/** The next node that resolves the image asks the registry, even if it has an image of that name. */
export async function pullAnew(tx: Tx, deploymentId: string, { revision, image }: { revision: number; image: string }) {
  await tx.query(
    'insert into revision_images (deployment_id, revision, reference, pulls_anew) values ($1, $2, $3, true)',
    [deploymentId, revision, canonicalImage(image)],
  )
}

/** The other revision has the same content, even if the tag has moved since. */
export async function keepImage(tx: Tx, deploymentId: string, { from, to }: { from: number; to: number }) {
  await tx.query(
    `insert into revision_images (deployment_id, revision, reference, digest, image_id, from_registry, resolved_by, resolved_at,
       pulls_anew)
     select deployment_id, $3, reference, digest, image_id, from_registry, resolved_by, resolved_at, pulls_anew
     from revision_images where deployment_id = $1 and revision = $2`,
    [deploymentId, from, to],
  )
}

/** The content of a reference that names a digest. */
export function contentOfReference(image: string): ImageContent | null {
  const { digest } = parseImage(image)
  return digest === null ? null : { digest, imageId: '' }
}

interface ImageRow {
  revision: number
  digest: string | null
  image_id: string
  resolved_by: string
  resolved_at: Date
  newer_digest: string | null
  newer_at: Date | null
}

/**
 * By revision, the images of a deployment that are known. `newer` is what a registry said later about the same
 * reference, when any deployment pulled it.
 */
export async function readRevisionImages(store: Store, deploymentId: string): Promise<Map<number, RevisionImageView>> {
  const { rows } = await store.pool.query<ImageRow>(
    `select i.revision, i.digest, i.image_id, i.resolved_by, i.resolved_at, newest.digest as newer_digest, newest.resolved_at as newer_at
     from revision_images i
     left join lateral (
       select o.digest, o.resolved_at from revision_images o
       where o.reference = i.reference and o.from_registry and o.digest is not null
       order by o.resolved_at desc limit 1
     ) newest on newest.digest is distinct from i.digest and newest.resolved_at > i.resolved_at
     where i.deployment_id = $1 and i.resolved_at is not null`,
    [deploymentId],
  )
  return new Map(
    rows.map((row) => [
      row.revision,
      {
        digest: row.digest ?? row.image_id,
        verified: row.digest !== null,
        resolvedBy: row.resolved_by,
        resolvedAt: row.resolved_at.toISOString(),
        newer:
          row.newer_digest !== null && row.newer_at !== null
            ? { digest: row.newer_digest, seenAt: row.newer_at.toISOString() }
            : null,
      },
    ]),
  )
}

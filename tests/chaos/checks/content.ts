/** All containers of a revision run one content: engines are compared with the image that the tables have. */
import type { FoundContainer } from '@/tests/chaos/containers'
import type { Ledger } from '@/tests/chaos/ledger'
import type { Snapshot } from '@/tests/chaos/snapshot'

/** @param containers read before the tables: their image was recorded before they were created. */
export function checkContents(ledger: Ledger, { replicas, images }: Snapshot, containers: FoundContainer[]): void {
  const revisions = new Map(images.map((image) => [`${image.deployment_id}/${image.revision}`, image]))
  const known = new Map(replicas.map((replica) => [replica.id, replica]))
  for (const { replicaId, content, host } of containers) {
    const replica = known.get(replicaId)
    if (!replica) continue
    const image = revisions.get(`${replica.deployment_id}/${replica.revision}`)
    const isRight = image !== undefined && (content === image.digest || content === image.image_id)
    ledger.check('content', isRight, replicaId, () => ({
      what: `${host} runs ${content || 'nothing known'} for revision ${replica.revision} of ${replica.deployment_id}, which is ${image?.digest ?? image?.image_id ?? 'not looked up'}`,
      evidence: { replica, image },
    }))
  }
}

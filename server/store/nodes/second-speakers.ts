import { kinship, type MachineFacts, type SecondKind } from '@/core/agents/identity'
import type { SecondSpeakerView } from '@/core/views/nodes'
import type { Store } from '@/server/db/client'

/** A second speaker that was refused. It is stored with the first one until another claim is granted. */
export interface Second {
  kind: SecondKind
  instance: string
  machine: MachineFacts
  address: string | null
}

/** A node cannot move between two agents of one machine. */
export const isMovable = (holder: MachineFacts, second: Second): boolean =>
  kinship(holder, second.machine) !== 'same boot'
/** How long a second speaker is shown after it was refused. */
const shownSeconds = 3600
/** The second speaker that was refused in favour of this node's agent. */
export async function readSecondSpeaker(store: Store, nodeId: string): Promise<SecondSpeakerView | null> {
  const { rows } = await store.pool.query<{
    second: Second
    second_at: Date
    since: Date
    allowed: boolean
    machine: MachineFacts
  }>(
    `select a.second, a.second_at, coalesce((a.second->>'since')::timestamptz, a.second_at) as since, a.machine,
       coalesce(a.allowed_until > now() and (a.allowed->>'instance' = a.second->>'instance'
         or a.allowed->>'bootId' = a.second->'machine'->>'bootId'), false) as allowed
     from agents a join nodes n on n.credential_hash = a.credential_hash
     where n.id = $1 and n.removed_at is null and a.second_at > now() - make_interval(secs => $2)`,
    [nodeId, shownSeconds],
  )
  const row = rows[0]
  if (!row) return null
  return {
    instance: row.second.instance,
    kind: row.second.kind,
    hostName: row.second.machine.hostName,
    pid: row.second.machine.pid,
    address: row.second.address,
    since: row.since.toISOString(),
    refusedAt: row.second_at.toISOString(),
    movable: isMovable(row.machine, row.second),
    holder: row.machine.hostName,
    allowed: row.allowed,
  }
}

import { type Store, transaction } from '@/server/db/client'
import { requireLeader } from './leadership'

/**
 * The database's clock jumped by `jumpMs`: times in the rows from which something is counted on are moved along, so that
 * no node looks offline, or seen in the future, and nothing that waits a second waits an hour. What was written after
 * the jump already is told apart by lying nearer to now than half of the jump.
 */
export async function followClockJump(
  store: Store,
  { epoch, jumpMs }: { epoch: bigint; jumpMs: number },
): Promise<{ nodes: number; evaluations: number }> {
  const jumpSeconds = jumpMs / 1000
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const nodes = await tx.query(
      `with moved as (
         select id from nodes
         where case when $1::float8 > 0 then last_heartbeat < now() - make_interval(secs => $1::float8 / 2) else last_heartbeat > now() end
         order by id for no key update
       )
       update nodes n set last_heartbeat = least(now(), last_heartbeat + make_interval(secs => $1::float8)) from moved where n.id = moved.id`,
      [jumpSeconds],
    )
    const evaluations = await tx.query(
      `update evaluations set run_after = greatest(now(), run_after + make_interval(secs => $1::float8))
       where status = 'pending' and run_after > now() and $1::float8 < 0`,
      [jumpSeconds],
    )
    // Marks that lie in the future; the servers that take heartbeats set theirs themselves.
    await tx.query('update report_intake set resumed_at = now() where resumed_at > now()')
    await tx.query('delete from report_intake_gaps where ended_at > now()')
    await tx.query(
      `update deployment_replicas set delivered_at = now()
       where reserved and acknowledged_at is null and delivered_at > now()`,
    )
    // What happened in the time that comes again is told again.
    await tx.query(
      `update notification_channels set next_try_at = least(next_try_at, now()),
         read_until = case when delivery_id is null and read_until > now()
           then least(now(), read_until + make_interval(secs => $1::float8)) else read_until end
       where $1::float8 < 0`,
      [jumpSeconds],
    )
    return { nodes: nodes.rowCount ?? 0, evaluations: evaluations.rowCount ?? 0 }
  })
}

import { Failure } from '@/core/contract/failure'
import {
  type JudgedPulse,
  judgeOutages,
  type OutageCause,
  outageWindowSeconds,
  type RegionPulse,
} from '@/core/nodes/outage-protection'
import type { OutageMove, OutageProtectionView } from '@/core/views/node-loss'
import { type Store, type Tx, transaction } from '@/server/db/client'
import { announce } from '@/server/db/notify'
import { requireLeader } from '@/server/store/leader/leadership'
import { type Author, audit } from '@/server/store/records/audit'
import { replicasOnUnreachableNodes } from './lost'

export interface OutageNews {
  engaged: { region: string; cause: OutageCause; offline: number; nodes: number }[]
  released: { region: string; offline: number; nodes: number }[]
}

interface PulseRow {
  region: string
  online: number
  offline: number
  fresh: number
  cause: OutageCause | null
  overridden: boolean
  newly_offline: number
  /** As in the row of the active protection. */
  shown_offline: number | null
  shown_nodes: number | null
}

/**
 * Activates protection of regions that a mass outage hit, and lifts it where nodes report again. Active ones live in the
 * database: the next leader goes on with them.
 */
export async function judgeOutage(store: Store, epoch: bigint): Promise<OutageNews> {
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const rows = await readPulse(tx)
    const byRegion = new Map(rows.map((row) => [row.region, row]))
    const counted = (region: string) => {
      const row = byRegion.get(region)
      return { region, offline: row?.offline ?? 0, nodes: (row?.offline ?? 0) + (row?.online ?? 0) }
    }
    const { engage, release } = judgeOutages(rows.map(pulseOf))
    const engaged = engage.map(({ region, cause }) => ({ ...counted(region), cause }))
    const released = release.map(counted)
    await open(tx, engaged)
    await close(tx, release)
    const moved = rows.filter((row) => {
      const now = counted(row.region)
      return row.cause !== null && (row.shown_offline !== now.offline || row.shown_nodes !== now.nodes)
    })
    await recount(
      tx,
      moved.map((row) => counted(row.region)),
    )
    if (engaged.length + released.length + moved.length > 0) await announce(tx, [{ topic: 'scheduler', ids: [] }])
    return { engaged, released }
  })
}

/** Every region with nodes that are not in maintenance, and every region whose protection is active. */
async function readPulse(tx: Pick<Tx, 'query'>): Promise<PulseRow[]> {
  const { rows } = await tx.query<PulseRow>(
    `select coalesce(n.region, b.region) as region,
       count(n.id) filter (where n.status <> 'offline')::int as online,
       count(n.id) filter (where n.status = 'offline')::int as offline,
       count(n.id) filter (where n.status = 'offline' and n.offline_since > now() - make_interval(secs => $1))::int as fresh,
       b.cause, b.overridden_at is not null as overridden,
       count(n.id) filter (where n.status = 'offline' and n.offline_since > b.began_at - make_interval(secs => $1))::int as newly_offline,
       b.offline as shown_offline, b.nodes as shown_nodes
     from (select * from nodes where status <> 'maintenance') n
     full join (select * from outage_protections where ended_at is null) b on b.region = n.region
     group by coalesce(n.region, b.region), b.cause, b.overridden_at, b.offline, b.nodes
     order by 1`,
    [outageWindowSeconds],
  )
  return rows
}

const pulseOf = (row: PulseRow): RegionPulse => ({
  region: row.region,
  online: row.online,
  offline: row.offline,
  fresh: row.fresh,
  protection: row.cause === null ? null : { cause: row.cause, offline: row.newly_offline },
})

/** How many nodes of each region are online and offline now. */
export const readPulses = async (store: Store): Promise<JudgedPulse[]> =>
  (await readPulse(store.pool)).map((row) => ({ ...pulseOf(row), overridden: row.overridden }))

async function open(tx: Tx, engaged: OutageNews['engaged']): Promise<void> {
  if (engaged.length === 0) return
  await tx.query(
    `insert into outage_protections (region, cause, offline, nodes) select * from unnest($1::text[], $2::text[], $3::int[], $4::int[])`,
    [
      engaged.map((one) => one.region),
      engaged.map((one) => one.cause),
      engaged.map((one) => one.offline),
      engaged.map((one) => one.nodes),
    ],
  )
}

/** Nodes that are still offline get their full time again: others returned a moment ago, so these may be about to. */
async function close(tx: Tx, regions: string[]): Promise<void> {
  if (regions.length === 0) return
  await tx.query(`update outage_protections set ended_at = now() where region = any($1::text[]) and ended_at is null`, [
    regions,
  ])
  await tx.query(
    `with missing as (select id from nodes where region = any($1::text[]) and status = 'offline' order by id for no key update)
     update nodes n set offline_counted_from = now() from missing where n.id = missing.id`,
    [regions],
  )
}

async function recount(tx: Tx, counts: { region: string; offline: number; nodes: number }[]): Promise<void> {
  if (counts.length === 0) return
  await tx.query(
    `update outage_protections b set offline = c.offline, nodes = c.nodes
     from unnest($1::text[], $2::int[], $3::int[]) as c(region, offline, nodes)
     where b.region = c.region and b.ended_at is null`,
    [counts.map((one) => one.region), counts.map((one) => one.offline), counts.map((one) => one.nodes)],
  )
}

/** The active protections, including overridden ones. */
export async function openProtections(store: Store): Promise<OutageProtectionView[]> {
  const rows = await store.prisma.outageProtection.findMany({ where: { endedAt: null }, orderBy: { region: 'asc' } })
  return rows.map((row) => ({
    region: row.region,
    cause: row.cause as OutageCause,
    since: row.beganAt.toISOString(),
    offline: row.offline,
    nodes: row.nodes,
    overridden: row.overriddenAt && { at: row.overriddenAt.toISOString(), by: row.overriddenBy ?? '' },
  }))
}

/** How many of the replicas that would move are listed. */
const listedMoves = 200

/**
 * The replicas that would be declared lost, and replaced elsewhere, if the protection of the region were overridden.
 */
export async function movesOfOverride(store: Store, region: string): Promise<{ total: number; moves: OutageMove[] }> {
  const { rows } = await store.pool.query<OutageMove>(
    `select r.id as "replicaId", d.id as "deploymentId", d.name as "deploymentName", r.slot, n.node_id as "nodeId"
     from ${replicasOnUnreachableNodes} and n.region = $1 order by d.name, r.slot, r.id`,
    [region],
  )
  return { total: rows.length, moves: rows.slice(0, listedMoves) }
}

/** Overrides the protection: replicas on the region's offline nodes are declared lost and replaced as usual. */
export async function overrideProtection(store: Store, author: Author, region: string): Promise<{ offline: number }> {
  return transaction(store, async (tx) => {
    const { rows } = await tx.query<{ id: string; offline: number; overridden_by: string | null }>(
      'select id, offline, overridden_by from outage_protections where region = $1 and ended_at is null for update',
      [region],
    )
    const protection = rows[0]
    if (!protection)
      throw new Failure('conflict', `Outage protection of ${region} is not active any more: its nodes report again`)
    if (protection.overridden_by !== null) return { offline: protection.offline }
    await tx.query('update outage_protections set overridden_at = now(), overridden_by = $2 where id = $1', [
      protection.id,
      author.name,
    ])
    await audit(tx, author, {
      action: 'outage-protection.override',
      subjectType: 'region',
      subjectId: region,
      before: { held: true },
      after: { held: false, offlineNodes: protection.offline },
    })
    await announce(tx, [{ topic: 'scheduler', ids: [] }])
    return { offline: protection.offline }
  })
}

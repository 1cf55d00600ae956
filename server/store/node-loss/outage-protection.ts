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
  engaged: { region: string; cause: OutageCause; silent: number; nodes: number }[]
  released: { region: string; silent: number; nodes: number }[]
}

interface PulseRow {
  region: string
  heard: number
  silent: number
  fresh: number
  cause: OutageCause | null
  overruled: boolean
  storm_silent: number
  /** As the open brake's row has them. */
  shown_silent: number | null
  shown_nodes: number | null
}

/**
 * Takes hold of regions that a storm struck, and lets go of those that are heard again. Open brakes live in the
 * database: the next leader goes on with them.
 */
export async function judgeOutage(store: Store, epoch: bigint): Promise<OutageNews> {
  return transaction(store, async (tx) => {
    await requireLeader(tx, epoch)
    const rows = await readPulse(tx)
    const byRegion = new Map(rows.map((row) => [row.region, row]))
    const counted = (region: string) => {
      const row = byRegion.get(region)
      return { region, silent: row?.silent ?? 0, nodes: (row?.silent ?? 0) + (row?.heard ?? 0) }
    }
    const { engage, release } = judgeOutages(rows.map(pulseOf))
    const engaged = engage.map(({ region, cause }) => ({ ...counted(region), cause }))
    const released = release.map(counted)
    await open(tx, engaged)
    await close(tx, release)
    const moved = rows.filter((row) => {
      const now = counted(row.region)
      return row.cause !== null && (row.shown_silent !== now.silent || row.shown_nodes !== now.nodes)
    })
    await recount(
      tx,
      moved.map((row) => counted(row.region)),
    )
    if (engaged.length + released.length + moved.length > 0) await announce(tx, [{ topic: 'scheduler', ids: [] }])
    return { engaged, released }
  })
}

/** Every region with nodes that are not in maintenance, and every one whose brake is open. */
async function readPulse(tx: Pick<Tx, 'query'>): Promise<PulseRow[]> {
  const { rows } = await tx.query<PulseRow>(
    `select coalesce(n.region, b.region) as region,
       count(n.id) filter (where n.status <> 'offline')::int as heard,
       count(n.id) filter (where n.status = 'offline')::int as silent,
       count(n.id) filter (where n.status = 'offline' and n.offline_since > now() - make_interval(secs => $1))::int as fresh,
       b.cause, b.overruled_at is not null as overruled,
       count(n.id) filter (where n.status = 'offline' and n.offline_since > b.began_at - make_interval(secs => $1))::int as storm_silent,
       b.silent as shown_silent, b.nodes as shown_nodes
     from (select * from nodes where status <> 'maintenance') n
     full join (select * from storm_brakes where ended_at is null) b on b.region = n.region
     group by coalesce(n.region, b.region), b.cause, b.overruled_at, b.silent, b.nodes
     order by 1`,
    [outageWindowSeconds],
  )
  return rows
}

const pulseOf = (row: PulseRow): RegionPulse => ({
  region: row.region,
  heard: row.heard,
  silent: row.silent,
  fresh: row.fresh,
  protection: row.cause === null ? null : { cause: row.cause, silent: row.storm_silent },
})

/** What is heard of each region now. */
export const readPulses = async (store: Store): Promise<JudgedPulse[]> =>
  (await readPulse(store.pool)).map((row) => ({ ...pulseOf(row), overruled: row.overruled }))

async function open(tx: Tx, engaged: OutageNews['engaged']): Promise<void> {
  if (engaged.length === 0) return
  await tx.query(
    `insert into storm_brakes (region, cause, silent, nodes) select * from unnest($1::text[], $2::text[], $3::int[], $4::int[])`,
    [
      engaged.map((one) => one.region),
      engaged.map((one) => one.cause),
      engaged.map((one) => one.silent),
      engaged.map((one) => one.nodes),
    ],
  )
}

/** Nodes that are still silent get their full time again: others came back a moment ago, and they may be on their way. */
async function close(tx: Tx, regions: string[]): Promise<void> {
  if (regions.length === 0) return
  await tx.query(`update storm_brakes set ended_at = now() where region = any($1::text[]) and ended_at is null`, [
    regions,
  ])
  await tx.query(
    `with silent as (select id from nodes where region = any($1::text[]) and status = 'offline' order by id for no key update)
     update nodes n set silence_counted_from = now() from silent where n.id = silent.id`,
    [regions],
  )
}

async function recount(tx: Tx, counts: { region: string; silent: number; nodes: number }[]): Promise<void> {
  if (counts.length === 0) return
  await tx.query(
    `update storm_brakes b set silent = c.silent, nodes = c.nodes
     from unnest($1::text[], $2::int[], $3::int[]) as c(region, silent, nodes)
     where b.region = c.region and b.ended_at is null`,
    [counts.map((one) => one.region), counts.map((one) => one.silent), counts.map((one) => one.nodes)],
  )
}

/** The brakes that are open, also those that somebody overruled. */
export async function openProtections(store: Store): Promise<OutageProtectionView[]> {
  const rows = await store.prisma.stormBrake.findMany({ where: { endedAt: null }, orderBy: { region: 'asc' } })
  return rows.map((row) => ({
    region: row.region,
    cause: row.cause as OutageCause,
    since: row.beganAt.toISOString(),
    silent: row.silent,
    nodes: row.nodes,
    overruled: row.overruledAt && { at: row.overruledAt.toISOString(), by: row.overruledBy ?? '' },
  }))
}

/** How many of what would be moved are listed. */
const listedMoves = 200

/** What would be declared lost, and so replaced elsewhere, as soon as the brake of the region is overruled. */
export async function movesOfOverride(store: Store, region: string): Promise<{ total: number; moves: OutageMove[] }> {
  const { rows } = await store.pool.query<OutageMove>(
    `select r.id as "replicaId", d.id as "deploymentId", d.name as "deploymentName", r.slot, n.node_id as "nodeId"
     from ${replicasOnUnreachableNodes} and n.region = $1 order by d.name, r.slot, r.id`,
    [region],
  )
  return { total: rows.length, moves: rows.slice(0, listedMoves) }
}

/** A person knows better: replicas on the region's silent nodes are declared lost and replaced as if there were no storm. */
export async function overrideProtection(store: Store, author: Author, region: string): Promise<{ silent: number }> {
  return transaction(store, async (tx) => {
    const { rows } = await tx.query<{ id: string; silent: number; overruled_by: string | null }>(
      'select id, silent, overruled_by from storm_brakes where region = $1 and ended_at is null for update',
      [region],
    )
    const protection = rows[0]
    if (!protection)
      throw new Failure('conflict', `Outage protection of ${region} is not active any more: its nodes report again`)
    if (protection.overruled_by !== null) return { silent: protection.silent }
    await tx.query('update storm_brakes set overruled_at = now(), overruled_by = $2 where id = $1', [
      protection.id,
      author.name,
    ])
    await audit(tx, author, {
      action: 'storm.overrule',
      subjectType: 'region',
      subjectId: region,
      before: { held: true },
      after: { held: false, offlineNodes: protection.silent },
    })
    await announce(tx, [{ topic: 'scheduler', ids: [] }])
    return { silent: protection.silent }
  })
}

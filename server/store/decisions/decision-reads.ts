import { isUuid, notFound } from '@/core/contract/failure'
import type { ChosenNode, Fleet, PlacementRequest, Policy } from '@/core/placement/types'
import type { DecisionSummary } from '@/core/views/decisions'
import type { Store } from '@/server/db/client'
import { fleetOfDecision } from '@/server/store/journal/fleet-journal'

interface DecisionRow {
  id: string
  deployment_id: string
  deployment_name: string
  outcome: 'placed' | 'refused'
  trigger: string
  request: PlacementRequest
  policy: Policy
  chosen: ChosenNode[]
  message: string
  own: Record<string, number>
  journal_seq: string
  batch_id: string
  batch_order: number
  created_at: Date
}

/** A recorded decision with the fleet that it saw: everything needed to replay it. */
export interface RecordedDecision extends DecisionSummary {
  deploymentId: string
  deploymentName: string
  request: PlacementRequest
  policy: Policy
  chosen: ChosenNode[]
  fleet: Fleet
}

const columns = `
  c.id, c.deployment_id, d.name as deployment_name, c.outcome, coalesce(e.trigger, '') as trigger, c.request, c.policy, c.chosen, c.message, c.own,
  c.journal_seq::text, c.batch_id, c.batch_order, c.created_at`
const source =
  'decisions c join deployments d on d.id = c.deployment_id left join evaluations e on e.id = c.evaluation_id'

const summaryOf = (row: DecisionRow): DecisionSummary => ({
  id: row.id,
  outcome: row.outcome,
  trigger: row.trigger,
  replicas: row.request.replicas,
  chosenNodeIds: row.chosen.map((node) => node.nodeId),
  message: row.message,
  createdAt: row.created_at.toISOString(),
})

/** The newest 100 decisions of a deployment, newest first. */
export async function listDecisions(store: Store, deploymentId: string): Promise<DecisionSummary[]> {
  if (!isUuid(deploymentId)) throw notFound('deployment', deploymentId)
  const { rows } = await store.pool.query<DecisionRow>(
    `select ${columns} from ${source} where c.deployment_id = $1 order by c.created_at desc, c.id desc limit 100`,
    [deploymentId],
  )
  return rows.map(summaryOf)
}

export async function readDecision(store: Store, id: string): Promise<RecordedDecision> {
  if (!isUuid(id)) throw notFound('decision', id)
  const { rows } = await store.pool.query<DecisionRow>(`select ${columns} from ${source} where c.id = $1`, [id])
  const row = rows[0]
  if (!row) throw notFound('decision', id)
  const fleet = await fleetOfDecision(store, {
    id: row.id,
    journalSeq: row.journal_seq,
    batchId: row.batch_id,
    batchOrder: row.batch_order,
    own: row.own,
    request: row.request,
    createdAt: row.created_at,
  })
  return {
    ...summaryOf(row),
    deploymentId: row.deployment_id,
    deploymentName: row.deployment_name,
    request: row.request,
    policy: row.policy,
    chosen: row.chosen,
    fleet,
  }
}

/** A sample of decisions: half of them the newest, so that new ones are checked soon, half from a random time on. */
export async function sampleDecisions(store: Store, count: number): Promise<string[]> {
  const half = Math.ceil(count / 2)
  const { rows } = await store.pool.query<{ id: string }>(
    `with span as (select min(created_at) as oldest, max(created_at) as newest from decisions),
     newest as (select id from decisions order by id desc limit $1),
     older as (
       select d.id from span, lateral (
         select id from decisions where id >= (lpad(to_hex((extract(epoch from oldest + (newest - oldest) * random()) * 1000)::bigint), 12, '0')
           || '-7000-8000-000000000000')::uuid
         order by id limit $1
       ) d where span.oldest is not null
     )
     select id from newest union select id from older`,
    [half],
  )
  return rows.map((row) => row.id)
}

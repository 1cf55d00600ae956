import { isUuid } from '@/core/contract/failure'
import type { ChosenNode, PlacementRequest, Policy } from '@/core/placement/types'
import type { DecisionListItem } from '@/core/views/decisions'
import type { Store } from '@/server/db/client'

interface DecisionFilter {
  /** Part of the name of a deployment, or its UUID. */
  deployment?: string | undefined
  /** UUID or name of a chosen node. */
  node?: string | undefined
  outcome?: 'placed' | 'refused' | undefined
  trigger?: string | undefined
  after?: Date | undefined
  before?: Date | undefined
  /** Only decisions made before this one. */
  olderThan?: string | undefined
}

interface Row {
  id: string
  deployment_id: string
  deployment_name: string
  outcome: 'placed' | 'refused'
  trigger: string
  request: PlacementRequest
  policy: Policy
  chosen: ChosenNode[]
  message: string
  created_at: Date
}

/** Newest first: UUIDs of version 7 are ordered by time. */
export async function listNewestDecisions(
  store: Store,
  filter: DecisionFilter,
  limit: number,
): Promise<DecisionListItem[]> {
  const { conditions, values } = conditionsOf(filter)
  const { rows } = await store.pool.query<Row>(
    `select c.id, c.deployment_id, d.name as deployment_name, c.outcome, coalesce(e.trigger, '') as trigger, c.request,
       c.policy, c.chosen, c.message, c.created_at
     from decisions c join deployments d on d.id = c.deployment_id left join evaluations e on e.id = c.evaluation_id
     where ${conditions} order by c.id desc limit ${Number(limit)}`,
    values,
  )
  return rows.map(
    (row): DecisionListItem => ({
      id: row.id,
      deploymentId: row.deployment_id,
      deploymentName: row.deployment_name,
      outcome: row.outcome,
      trigger: row.trigger,
      replicas: row.request.replicas,
      chosenNodeIds: row.chosen.map((node) => node.nodeId),
      policy: row.policy,
      message: row.message,
      createdAt: row.created_at.toISOString(),
    }),
  )
}

/** Only what is asked for becomes part of the query, so that each question gets a plan of its own. */
function conditionsOf(filter: DecisionFilter): { conditions: string; values: unknown[] } {
  const conditions = ['true']
  const values: unknown[] = []
  const add = (value: unknown, condition: (place: string) => string): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  const { deployment, node, outcome, trigger, after, before, olderThan } = filter
  if (deployment && isUuid(deployment)) add(deployment, (at) => `c.deployment_id = ${at}::uuid`)
  else if (deployment) add(likePart(deployment), (at) => `d.name ilike ${at}`)
  // Every replica knows the decision that placed it.
  if (node)
    add(node, (at) => {
      const nodes = `select n.id from nodes n where ${isUuid(node) ? `n.id = ${at}::uuid` : `n.node_id = ${at}`}`
      return `c.id in (select r.decision_id from deployment_replicas r where r.node_id in (${nodes}))`
    })
  if (outcome) add(outcome, (at) => `c.outcome = ${at}`)
  if (trigger) add(trigger, (at) => `e.trigger = ${at}`)
  if (after) add(after, (at) => `c.created_at >= ${at}`)
  if (before) add(before, (at) => `c.created_at <= ${at}`)
  if (olderThan) add(olderThan, (at) => `c.id < ${at}::uuid`)
  return { conditions: conditions.join(' and '), values }
}

/** For `ilike`: what was typed stands for itself. */
const likePart = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`

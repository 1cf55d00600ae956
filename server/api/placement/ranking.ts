import { z } from 'zod'
import { policySchema, previewSchema } from '@/core/contract/deployments'
import { idText, pageLimit, pageOffset, personText } from '@/core/contract/fields'
import type { Ranking } from '@/core/placement/ranking'
import { type Policy, policyOf } from '@/core/placement/types'
import { LazyExplanation } from '@/core/scheduler/lazy-explanation'
import type { Services } from '@/server/api/context/context'
import { recordedDecision } from '@/server/api/decisions/recorded'
import { type Asked, asIfDeployed } from './preview'

/** Selects the nodes of the ranking to send. */
const pageFields = {
  policy: z.optional(policySchema),
  text: personText({ max: 200 }).default(''),
  region: personText({ max: 63 }).nullable().default(null),
  show: z.enum(['all', 'room', 'refused']).default('all'),
  compare: z
    .array(personText({ max: 200 }))
    .max(2, 'At most two nodes are compared')
    .default([]),
  limit: pageLimit({ max: 500, default: 100 }),
  offset: pageOffset(),
}

export const rankSchema = z.object({ ...pageFields, request: previewSchema })
/** For a decision, the record provides the request, the fleet and the default policy. */
export const rankDecisionSchema = z.object({ ...pageFields, id: idText() })

type Page = Omit<z.infer<typeof rankSchema>, 'request' | 'policy'>

export async function rankNow(services: Services, input: z.infer<typeof rankSchema>): Promise<Ranking> {
  const { policy = input.request.policy, request, ...page } = input
  return rankingOf(await asIfDeployed(services, { ...request, policy }), page)
}

export async function rankRecorded(
  { store }: Services,
  { id, policy, ...page }: z.infer<typeof rankDecisionSchema>,
): Promise<Ranking> {
  const decision = await recordedDecision(store, id)
  const chosenPolicy: Policy = policy === undefined ? decision.policy : policyOf(policy)
  return rankingOf({ ...decision, policy: chosenPolicy, at: new Date(decision.createdAt) }, page)
}

function rankingOf({ at, request, fleet, policy }: Asked, { compare, ...wanted }: Page): Ranking {
  const lazy = new LazyExplanation({ request, fleet, policy })
  const { total, verdicts } = lazy.page(wanted)
  return {
    request,
    policy,
    takenAt: at.toISOString(),
    nodes: lazy.nodes,
    feasible: lazy.feasible,
    found: lazy.found,
    chosen: lazy.chosen,
    message: lazy.shortage,
    winner: lazy.page({ text: '', region: null, show: 'room', offset: 0, limit: 1 }).verdicts[0] ?? null,
    total,
    verdicts,
    compared: lazy.of(compare),
    regions: [...new Set(fleet.nodes.map((node) => node.region))].sort(),
  }
}

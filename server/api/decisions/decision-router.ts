import { z } from 'zod'
import { policySchema } from '@/core/contract/deployments'
import { Failure, isUuid } from '@/core/contract/failure'
import { idText, pageLimit, personText, personTime } from '@/core/contract/fields'
import type { NodeExplanation } from '@/core/placement/explanation'
import { type Policy, policyOf } from '@/core/placement/types'
import { explainNode } from '@/core/scheduler/explain'
import { LazyExplanation } from '@/core/scheduler/lazy-explanation'
import { matchesRecord, replay } from '@/core/scheduler/replay'
import { choose } from '@/core/scheduler/select/choose'
import type { DecisionPage, DecisionView, WhatIfChange, WhatIfReport } from '@/core/views/decisions'
import { procedureFor, router } from '@/server/api/context/trpc'
import { listNewestDecisions } from '@/server/store/decisions/decision-list'
import { type RecordedDecision, readDecision } from '@/server/store/decisions/decision-reads'
import { recordedDecision } from './recorded'

/** How many refused nodes a decision shows at first. */
const shownRefusals = 50
/** More decisions would noticeably delay other requests. */
const whatIfLimit = 200

const filterSchema = z.object({
  deployment: personText({ max: 200 }).optional(),
  node: personText({ max: 200 }).optional(),
  outcome: z.enum(['placed', 'refused']).optional(),
  trigger: personText({ max: 50 }).optional(),
  after: personTime().optional(),
  before: personTime().optional(),
})

export const decisionRouter = router({
  /** Decisions, newest first; `older_than` is the id of the last one of the previous page. */
  page: procedureFor('deployments.read')
    .input(
      filterSchema.extend({
        older_than: idText().refine(isUuid, 'Give the id of a decision').optional(),
        limit: pageLimit({ max: 200, default: 50 }),
      }),
    )
    .query(async ({ ctx, input: { older_than: olderThan, limit, ...filter } }): Promise<DecisionPage> => {
      const { store } = ctx.services
      const found = await listNewestDecisions(store, { ...filter, olderThan }, limit + 1)
      return { items: found.slice(0, limit), more: found.length > limit }
    }),

  get: procedureFor('deployments.read')
    .input(z.object({ id: idText() }))
    .query(async ({ ctx, input }): Promise<DecisionView> => {
      const { chosen: _, fleet, ...decision } = await recordedDecision(ctx.services.store, input.id)
      return { ...decision, placement: new LazyExplanation({ ...decision, fleet }).summary(shownRefusals) }
    }),

  /** Explains one node, by UUID or name, in a decision: each constraint, each preference and its rank. */
  explain: procedureFor('deployments.read')
    .input(z.object({ id: idText(), nodeId: idText() }))
    .query(async ({ ctx, input }): Promise<NodeExplanation> => {
      const explanation = explainNode(await recordedDecision(ctx.services.store, input.id), input.nodeId)
      if (!explanation) throw new Failure('not-found', `This decision saw no node ${input.nodeId}`)
      return explanation
    }),

  /** Replays the recorded decision: returns the new placement and whether it equals the recorded one. */
  replay: procedureFor('deployments.read')
    .input(z.object({ id: idText() }))
    .query(async ({ ctx, input }) => {
      const decision = await readDecision(ctx.services.store, input.id)
      const placement = replay(decision)
      return {
        matches: matchesRecord(placement, decision),
        chosen: placement.chosen,
        message: placement.refusal?.message ?? null,
      }
    }),

  /**
   * Replays past decisions with another policy, each on the fleet that it saw, and reports which placements would
   * change.
   */
  whatIf: procedureFor('deployments.read')
    .input(
      z.object({
        policy: policySchema,
        ids: z.array(idText()).max(whatIfLimit, `At most ${whatIfLimit} decisions at once`).optional(),
        newest: z.number().int().min(1).max(whatIfLimit).optional(),
        /** Selects the decisions; the newest of them are replayed. */
        filter: filterSchema.default({}),
      }),
    )
    .query(async ({ ctx, input }): Promise<WhatIfReport> => {
      const { store } = ctx.services
      if ((input.ids === undefined) === (input.newest === undefined))
        throw new Failure('bad-input', 'Give either ids of decisions or how many of the newest', {
          fields: [{ path: 'ids', message: 'either ids or newest' }],
        })
      const ids =
        input.ids ?? (await listNewestDecisions(store, input.filter, input.newest ?? 0)).map((decision) => decision.id)
      const policy = policyOf(input.policy)
      const changes: WhatIfChange[] = []
      for (const id of ids) {
        const change = changeUnder(await readDecision(store, id), policy)
        if (change) changes.push(change)
      }
      return { policy, examined: ids.length, changes }
    }),
})

function changeUnder(decision: RecordedDecision, policy: Policy): WhatIfChange | null {
  const { request, fleet } = decision
  const { chosen, found } = choose(request, fleet, policy)
  const before = decision.chosen.map((node) => node.nodeId)
  const after = found >= request.replicas ? chosen.map((node) => node.nodeId) : []
  const leaves = before.filter((nodeId) => !after.includes(nodeId))
  const comes = after.filter((nodeId) => !before.includes(nodeId))
  if (leaves.length === 0 && comes.length === 0) return null
  return {
    decisionId: decision.id,
    deploymentId: decision.deploymentId,
    deploymentName: decision.deploymentName,
    createdAt: decision.createdAt,
    policyThen: decision.policy,
    before,
    after,
    leaves,
    comes,
  }
}

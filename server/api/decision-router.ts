import { z } from 'zod'
import { Failure } from '../domain/failure'
import type { DecisionView, WhatIfChange, WhatIfReport } from '../domain/views'
import { matchesRecord, replay } from '../scheduler/replay'
import { Survey } from '../scheduler/survey'
import { newestDecisions, type RecordedDecision, readDecision } from '../store/decision-reads'
import { policyOf, policySchema } from './schemas'
import { procedureFor, router } from './trpc'

/** How many nodes a decision shows at first. */
const excerptSize = 50
/** More would take long enough to be noticed by others. */
const whatIfLimit = 200

export const decisionRouter = router({
  get: procedureFor('deployments.read')
    .input(z.object({ id: z.string() }))
    .query(async ({ ctx, input }): Promise<DecisionView> => {
      const { chosen: _, fleet, ...decision } = await readDecision(ctx.services.store, input.id)
      return { ...decision, placement: new Survey({ ...decision, fleet }).excerpt(excerptSize) }
    }),

  /** Runs the core again on the record: whether it still gives the placement that was made. */
  replay: procedureFor('deployments.read')
    .input(z.object({ id: z.string() }))
    .query(async ({ ctx, input }) => {
      const decision = await readDecision(ctx.services.store, input.id)
      const placement = replay(decision)
      return { matches: matchesRecord(placement, decision), placement }
    }),

  /** Past decisions under another policy, each on the fleet that it saw: which placements would change. */
  whatIf: procedureFor('deployments.read')
    .input(
      z.object({
        policy: policySchema,
        ids: z.array(z.string()).max(whatIfLimit, `At most ${whatIfLimit} decisions at once`).optional(),
        newest: z.number().int().min(1).max(whatIfLimit).optional(),
      }),
    )
    .query(async ({ ctx, input }): Promise<WhatIfReport> => {
      const { store } = ctx.services
      if ((input.ids === undefined) === (input.newest === undefined))
        throw new Failure('bad-input', 'Give either ids of decisions or how many of the newest', {
          fields: [{ path: 'ids', message: 'either ids or newest' }],
        })
      const ids = input.ids ?? (await newestDecisions(store, input.newest ?? 0))
      const policy = policyOf(input.policy)
      const changes: WhatIfChange[] = []
      for (const id of ids) {
        const change = changeUnder(await readDecision(store, id), policy)
        if (change) changes.push(change)
      }
      return { policy, looked: ids.length, changes }
    }),
})

function changeUnder(decision: RecordedDecision, policy: WhatIfReport['policy']): WhatIfChange | null {
  const { chosen } = replay({ ...decision, policy })
  const before = decision.chosen.map((node) => node.nodeId)
  const after = chosen.map((node) => node.nodeId)
  const leaves = before.filter((nodeId) => !after.includes(nodeId))
  const comes = after.filter((nodeId) => !before.includes(nodeId))
  if (leaves.length === 0 && comes.length === 0) return null
  return {
    decisionId: decision.id,
    deploymentId: decision.deploymentId,
    createdAt: decision.createdAt,
    policyThen: decision.policy,
    before,
    after,
    leaves,
    comes,
  }
}

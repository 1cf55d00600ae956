import { z } from 'zod'
import type { Placement, Policy } from '../domain/placement'
import { place } from '../scheduler/place'
import { listNodes, readNode } from '../store/node-reads'
import { setNodeCordoned } from '../store/nodes'
import { asIfDeployed, tokenOf } from './preview'
import { previewSchema } from './schemas'
import { procedureFor, router } from './trpc'

export const nodeRouter = router({
  list: procedureFor('nodes.read').query(({ ctx }) => listNodes(ctx.services.store)),

  get: procedureFor('nodes.read')
    .input(z.object({ id: z.string() }))
    .query(({ ctx, input }) => readNode(ctx.services.store, input.id)),

  cordon: procedureFor('nodes.cordon')
    .input(z.object({ id: z.string(), cordoned: z.boolean() }))
    .mutation(async ({ ctx, input }) => {
      const { nodeId } = await setNodeCordoned(ctx.services.store, ctx.actor, input)
      ctx.services.log.info(`Node ${nodeId} ${input.cordoned ? 'cordoned' : 'uncordoned'} by ${ctx.actor.name}`)
    }),
})

export interface Preview {
  placement: Placement
  /** The regions of the fleet, for suggestions. */
  regions: string[]
  policy: Policy
  /** ISO 8601 */
  takenAt: string
  /** Hand it to the deploy call as preview_token: it tells when the outcome would now differ. */
  token: string
}

export const placementRouter = router({
  /** What the scheduler would decide now, by the same function, without writing anything. */
  preview: procedureFor('deployments.read')
    .input(previewSchema)
    .query(async ({ ctx, input }): Promise<Preview> => {
      const { request, fleet, policy, at } = await asIfDeployed(ctx.services, input)
      const placement = place(request, fleet, policy)
      return {
        placement,
        regions: [...new Set(fleet.nodes.map((node) => node.region))].sort(),
        policy,
        takenAt: at.toISOString(),
        token: tokenOf(placement.refusal ? null : placement.chosen.map((node) => node.nodeId)),
      }
    }),
})

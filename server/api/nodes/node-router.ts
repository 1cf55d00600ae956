import { z } from 'zod'
import { idText } from '@/core/contract/fields'
import { procedureFor, router } from '@/server/api/context/trpc'
import { setNodeCordoned } from '@/server/store/agents/heartbeats'
import { allowMove } from '@/server/store/agents/identities'
import { readReturns } from '@/server/store/node-loss/node-returns'
import { listNodes, readNode } from '@/server/store/nodes/node-reads'
import { nodeListProcedures } from './node-list-router'

export const nodeRouter = router({
  ...nodeListProcedures,

  list: procedureFor('nodes.read').query(({ ctx }) => listNodes(ctx.services.store)),

  get: procedureFor('nodes.read')
    .input(z.object({ id: idText() }))
    .query(({ ctx, input }) => readNode(ctx.services.store, input.id)),

  /**
   * The effect of the node's past returns on each replica, and what the next return would do while the node is offline.
   */
  returns: procedureFor('nodes.read')
    .input(z.object({ id: idText() }))
    .query(({ ctx, input }) => readReturns(ctx.services.store, input.id)),

  /** Lets a machine that was refused replace the one that holds the node. */
  move: procedureFor('nodes.manage')
    .input(z.object({ id: idText(), instance: z.uuid() }))
    .mutation(async ({ ctx, input }) => {
      const { nodeId, to } = await allowMove(ctx.services.store, ctx.actor, input)
      ctx.services.log.info(`Node ${nodeId} may move to ${to}, by ${ctx.actor.name}`)
    }),

  cordon: procedureFor('nodes.cordon')
    .input(z.object({ id: idText(), cordoned: z.boolean() }))
    .mutation(async ({ ctx, input }) => {
      const { nodeId } = await setNodeCordoned(ctx.services.store, ctx.actor, input)
      ctx.services.log.info(`Node ${nodeId} ${input.cordoned ? 'cordoned' : 'uncordoned'} by ${ctx.actor.name}`)
    }),
})

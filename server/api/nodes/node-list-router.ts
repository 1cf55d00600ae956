import { z } from 'zod'
import { pageLimit, pageOffset, personText } from '@/core/contract/fields'
import { machineKinds, nodeSortKeys, nodeStates } from '@/core/nodes/list'
import { procedureFor } from '@/server/api/context/trpc'
import { findNodes, mapOfNodes, nodeFacets, pageOfNodes } from '@/server/store/nodes/node-list'

const word = personText({ max: 130 })

const nodeFilter = z.object({
  search: personText({ max: 200 }).optional(),
  region: word.optional(),
  type: word.optional(),
  label: word.optional(),
  kind: z.enum(machineKinds).optional(),
  state: z.enum(nodeStates).optional(),
})

const nodePage = nodeFilter.extend({
  sort_by: z.enum(nodeSortKeys).default('name'),
  sort_order: z.enum(['asc', 'desc']).default('asc'),
  limit: pageLimit({ max: 500, default: 100 }),
  offset: pageOffset(),
})

/** Procedures for lists of nodes; part of the node router. */
export const nodeListProcedures = {
  page: procedureFor('nodes.read')
    .input(nodePage)
    .query(({ ctx, input: { sort_by: sortBy, sort_order: sortOrder, ...rest } }) =>
      pageOfNodes(ctx.services.store, { ...rest, sortBy, sortOrder }),
    ),

  map: procedureFor('nodes.read')
    .input(nodeFilter)
    .query(({ ctx, input }) => mapOfNodes(ctx.services.store, input)),

  facets: procedureFor('nodes.read').query(({ ctx }) => nodeFacets(ctx.services.store)),

  find: procedureFor('nodes.read')
    .input(z.object({ text: personText({ max: 200 }).min(1), limit: pageLimit({ max: 50, default: 8 }) }))
    .query(({ ctx, input }) => findNodes(ctx.services.store, input.text, input.limit)),
}

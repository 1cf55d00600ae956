/** Queries for lists of deployments. */
import { z } from 'zod'
import { deploymentStatuses } from '@/core/deployments/status'
import { personText, personTimeOrDay, queryLimit, queryOffset } from './fields'

const whichPage = {
  limit: queryLimit({ max: 500, default: 50 }),
  offset: queryOffset(),
}

const sorting = {
  sort_by: z.enum(['name', 'status', 'created_at', 'updated_at']).default('created_at'),
  sort_order: z.enum(['asc', 'desc']).default('desc'),
}

export const listSchema = z.object({
  status: z.enum(deploymentStatuses, { error: `Status must be one of ${deploymentStatuses.join(', ')}` }).optional(),
  name: personText({ max: 200 }).optional(),
  created_after: personTimeOrDay().optional(),
  created_before: personTimeOrDay().optional(),
  ...sorting,
  ...whichPage,
})

export const pageSchema = z.object({
  search: personText({ max: 200 }).optional(),
  status: z.enum(deploymentStatuses).optional(),
  ...sorting,
  ...whichPage,
})

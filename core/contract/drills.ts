import { z } from 'zod'
import { drillFilters, drillLimits, drillModes, drillStages } from '@/core/insight/drill-report'
import { idText, pageLimit, pageOffset, personText } from './fields'

const names = (most: number, noun: string) =>
  z
    .array(personText({ max: 200 }).min(1))
    .max(most, `At most ${most} ${noun} at once`)
    .default([])

/** What fails or is drained: nodes by id or name, whole regions, and zones as “region/zone”. */
export const pickSchema = z
  .object({
    mode: z.enum(drillModes).default('fail'),
    nodes: names(drillLimits.nodes, 'nodes'),
    regions: names(drillLimits.places, 'regions'),
    zones: names(drillLimits.places, 'zones'),
  })
  .refine(({ nodes, regions, zones }) => nodes.length + regions.length + zones.length > 0, {
    path: ['nodes'],
    message: 'Pick at least one node, region or zone',
  })

export const drillSchema = pickSchema.safeExtend({
  /** With outage protection: the state while it holds, or after somebody has overridden it. */
  stage: z.enum(drillStages).default('overridden'),
  show: z.enum(drillFilters).default('affected'),
  limit: pageLimit({ max: 200, default: 50 }),
  offset: pageOffset(),
  /** `takenAt` of an earlier answer, to get further pages of that drill while it is cached. */
  taken_at: personText({ max: 50 }).optional(),
})

export const explainSchema = pickSchema.safeExtend({ deployment_id: idText(), stage: z.enum(drillStages) })

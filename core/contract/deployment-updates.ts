/** Calls that change a deployment. */
import * as z from 'zod/mini'
import { limits } from '@/core/placement/resources'
import { deploySchema, envLimit, envName, envValue } from './deployments'
import { recordOf, whole } from './form-fields'

export const scaleReplicasSchema = whole('Replicas', { min: 0, max: limits.replicas.max })

/** More than a deployment may have, because the same call can remove others. */
const envUpdate = recordOf(
  { key: envName, value: z.nullable(envValue) },
  2 * envLimit,
  `At most ${2 * envLimit} variables`,
)

/** The fields of a deploy call except the name, all optional. */
export const updateFields = {
  ...z.partial(z.omit(deploySchema, { name: true, preview_token: true, env: true })).shape,
  policy: z.nullish(deploySchema.shape.policy).check(z.describe('null is the installation’s')),
}
export const envUpdateField = z
  .optional(envUpdate)
  .check(z.describe('Variables to set; null takes one away, and those not named stay'))

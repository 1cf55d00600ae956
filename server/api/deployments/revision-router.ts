import { z } from 'zod'
import { deployAnswer } from '@/core/contract/deployment-answers'
import { envUpdateField, scaleReplicasSchema, updateFields } from '@/core/contract/deployment-updates'
import { resourcesOf } from '@/core/contract/deployments'
import { idText, trimmedText } from '@/core/contract/fields'
import { flag } from '@/core/contract/form-fields'
import { policyOf } from '@/core/placement/types'
import type { RevisionView } from '@/core/views/deployments'
import { procedureFor, router } from '@/server/api/context/trpc'
import {
  listRevisions,
  redeployDeployment,
  restartDeployment,
  rollbackDeployment,
  type SpecUpdate,
  type Updated,
  updateDeployment,
} from '@/server/store/deployments/revisions'
import { requireKnownDeployments } from './known-deployments'
import { previewUpdate, type UpdatePreview } from './update-preview'

const tags = ['deployment']
const byDeploymentId = z.object({ deployment_id: idText() })
const note = trimmedText({ max: 200, tooLong: 'A reason has at most 200 characters' }).min(1).optional()

/** The fields of a deploy call except the name, all optional. */
const updateSchema = z.object({
  ...updateFields,
  env: envUpdateField,
  reason: note.describe('Why, for the history'),
})

/** Values of variables don't affect placement, and queries appear in logs, so only `changes_env` is sent. */
const previewUpdateSchema = byDeploymentId
  .extend(updateSchema.omit({ env: true, reason: true }).shape)
  .extend({ changes_env: z._default(flag('changes_env'), false), replicas: z.optional(scaleReplicasSchema) })

const updateAnswer = deployAnswer.omit({ preview: true }).extend({
  revision: z.number(),
  changes: z.array(z.object({ what: z.string(), from: z.string(), to: z.string() })),
})

function specUpdate(input: Partial<z.infer<typeof updateSchema>>): SpecUpdate {
  const update: SpecUpdate = {}
  if (input.type !== undefined) update.type = input.type
  if (input.container_image !== undefined) update.image = input.container_image
  if (input.resources !== undefined) update.resources = resourcesOf(input.resources)
  if (input.region !== undefined) update.region = input.region
  if (input.wait_for_capacity !== undefined) update.waitForCapacity = input.wait_for_capacity
  if (input.max_per_node !== undefined) update.maxPerNode = input.max_per_node
  if (input.constraints !== undefined) update.constraints = input.constraints
  if (input.policy !== undefined) update.policy = input.policy === null ? null : policyOf(input.policy)
  if (input.priority !== undefined) update.priority = input.priority
  if (input.ports !== undefined) update.ports = input.ports
  const { preferences, spread, affinity, anti_affinity } = input
  if (preferences ?? spread ?? affinity ?? anti_affinity)
    update.placementRules = { preferences, spread, affinity, anti_affinity }
  if (input.env !== undefined) update.env = input.env
  return update
}

const answer = (updated: Updated, message: string): z.infer<typeof updateAnswer> => ({
  success: true,
  deployment_id: updated.id,
  status: updated.status,
  replicas: updated.replicas,
  revision: updated.revision,
  changes: updated.changes,
  message,
})

const sameText = (image: string | undefined): string =>
  image === undefined
    ? 'Nothing is different: no new revision was made'
    : `Nothing is different: no new revision was made. To run what ${image} is in its registry now, redeploy`

export const revisionRouter = router({
  update: procedureFor('deployments.changeOwn')
    .meta({
      accepted: true,
      openapi: {
        method: 'POST',
        path: '/deployment/update/{deployment_id}',
        tags,
        summary: 'Change what a deployment runs, one replica after the other',
        description:
          'Makes a new revision. Each replica keeps running until its replacement is up, and healthy where the ' +
          'image has a health check; where a fixed host port leaves no node for both, the old one stops first and the ' +
          'new one takes its place on the same node. An update that cannot go on ends in failed with the reason, and what runs goes on running.',
      },
    })
    .input(byDeploymentId.extend(updateSchema.shape))
    .output(updateAnswer)
    .mutation(async ({ ctx, input }) => {
      const { deployment_id: id, replicas, reason, ...fields } = input
      await requireKnownDeployments(ctx.services.store, fields)
      const updated = await updateDeployment(ctx.services.store, ctx.actor, {
        id,
        update: specUpdate(fields),
        ...(replicas !== undefined && { replicas }),
        ...(reason !== undefined && { note: reason }),
      })
      if (updated.changes.length === 0) return answer(updated, sameText(fields.container_image))
      ctx.services.log.info(
        `Updating deployment ${id}: revision ${updated.previous} -> ${updated.revision} for user ${ctx.actor.name}`,
      )
      return answer(
        updated,
        `Deployment ${updated.name} goes to revision ${updated.revision}, one replica after the other`,
      )
    }),

  rollback: procedureFor('deployments.changeOwn')
    .meta({
      accepted: true,
      openapi: {
        method: 'POST',
        path: '/deployment/rollback/{deployment_id}',
        tags,
        summary: 'Go back to a revision that there was',
        description: 'Replicas that run that revision already are left alone.',
      },
    })
    .input(
      byDeploymentId.extend({
        revision: z
          .number({ error: 'The revision must be a number' })
          .int('The revision must be a whole number')
          .min(1, 'Revisions count from 1')
          .max(2 ** 31 - 1, 'There is no such revision')
          .transform((value) => value),
        reason: note.describe('Why, for the history'),
      }),
    )
    .output(updateAnswer)
    .mutation(async ({ ctx, input }) => {
      const updated = await rollbackDeployment(ctx.services.store, ctx.actor, {
        id: input.deployment_id,
        revision: input.revision,
        ...(input.reason !== undefined && { note: input.reason }),
      })
      ctx.services.log.info(
        `Rolling back deployment ${updated.id}: revision ${updated.previous} -> ${updated.revision} for user ${ctx.actor.name}`,
      )
      return answer(updated, `Deployment ${updated.name} goes back to revision ${updated.revision}`)
    }),

  redeploy: procedureFor('deployments.changeOwn')
    .meta({
      accepted: true,
      openapi: {
        method: 'POST',
        path: '/deployment/redeploy/{deployment_id}',
        tags,
        summary: 'Pull the image anew and replace the replicas, one after the other',
        description:
          'Makes a new revision of the same specification. The tag of the image is looked up in its registry anew, and all ' +
          'replicas of the new revision run the content that it has then.',
      },
    })
    .input(byDeploymentId.extend({ reason: note.describe('Why, for the history') }))
    .output(updateAnswer)
    .mutation(async ({ ctx, input }) => {
      const { deployment_id: id, reason } = input
      const updated = await redeployDeployment(ctx.services.store, ctx.actor, {
        id,
        ...(reason !== undefined && { note: reason }),
      })
      ctx.services.log.info(
        `Redeploying deployment ${id}: revision ${updated.previous} -> ${updated.revision} for user ${ctx.actor.name}`,
      )
      return answer(updated, `Deployment ${updated.name} pulls its image anew, one replica after the other`)
    }),

  restart: procedureFor('deployments.changeOwn')
    .input(byDeploymentId)
    .mutation(async ({ ctx, input }) => {
      const restarted = await restartDeployment(ctx.services.store, ctx.actor, input.deployment_id)
      ctx.services.log.info(`Restarting deployment ${restarted.id} for user ${ctx.actor.name}`)
      return { deployment_id: restarted.id, revision: restarted.revision }
    }),

  /** Previews where each replica would go if the deployment were updated now; writes nothing. */
  previewUpdate: procedureFor('deployments.read')
    .input(previewUpdateSchema)
    .query(({ ctx, input }): Promise<UpdatePreview> => {
      const { deployment_id: id, replicas, changes_env: changesEnv, ...fields } = input
      return previewUpdate(ctx.services, { id, replicas: replicas ?? null, changesEnv, update: specUpdate(fields) })
    }),

  revisions: procedureFor('deployments.read')
    .input(z.object({ id: idText() }))
    .query(({ ctx, input }): Promise<RevisionView[]> => listRevisions(ctx.services.store, input.id)),
})

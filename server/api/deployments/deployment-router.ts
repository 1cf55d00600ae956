import { createHash } from 'node:crypto'
import { z } from 'zod'
import { deletionAnswer, deployAnswer, listAnswer, statusAnswer } from '@/core/contract/deployment-answers'
import { listSchema, pageSchema } from '@/core/contract/deployment-lists'
import { scaleReplicasSchema } from '@/core/contract/deployment-updates'
import { type DeployInput, deploySchema, resourcesOf } from '@/core/contract/deployments'
import { Failure } from '@/core/contract/failure'
import { idText, personText } from '@/core/contract/fields'
import { actionBlocked } from '@/core/deployments/actions'
import { type DeploymentAction, deploymentActions } from '@/core/deployments/status'
import { countOf } from '@/core/lib/count-of'
import { withGivenPlacementRules } from '@/core/placement/preferences'
import { coresOfMillis, priorities, type Resources } from '@/core/placement/resources'
import { policyOf } from '@/core/placement/types'
import { defaultLostAfterSeconds } from '@/core/settings/settings'
import type { DecisionSummary } from '@/core/views/decisions'
import type { DeploymentDetail, DeploymentTimeline } from '@/core/views/deployments'
import type { Services } from '@/server/api/context/context'
import { logStatusChange } from '@/server/api/context/log-lines'
import { procedureFor, router } from '@/server/api/context/trpc'
import { freshnessOf } from '@/server/api/placement/preview'
import { listDecisions } from '@/server/store/decisions/decision-reads'
import {
  listDeployments,
  readDeployment,
  readTimeline,
  recentStatusChanges,
} from '@/server/store/deployments/deployment-reads'
import {
  deleteDeployment,
  retryDeployment,
  scaleDeployment,
  startDeployment,
  stopDeployment,
} from '@/server/store/deployments/deployments'
import type { NewDeployment } from '@/server/store/deployments/intake'
import type { Actor } from '@/server/store/records/audit'
import { requireKnownDeployments } from './known-deployments'

const tags = ['deployment']

const answerResources = (resources: Resources) => ({
  cpu_cores: coresOfMillis(resources.cpuMillis),
  memory_mb: resources.memoryMb,
  gpu_units: resources.gpuUnits,
  storage_gb: resources.storageGb,
})

const newDeployment = (input: DeployInput): NewDeployment => ({
  name: input.name,
  type: input.type,
  image: input.container_image,
  replicas: input.replicas,
  resources: resourcesOf(input.resources),
  region: input.region ?? null,
  waitForCapacity: input.wait_for_capacity ?? false,
  maxPerNode: input.max_per_node ?? 1,
  lostAfterSeconds: input.lost_after ?? defaultLostAfterSeconds,
  constraints: input.constraints ?? [],
  placementRules: withGivenPlacementRules(null, input),
  policy: input.policy === undefined ? null : policyOf(input.policy),
  priority: input.priority ?? priorities.default,
  ports: input.ports ?? [],
  env: input.env ?? {},
})

/**
 * The hash of a request, independent of the order of its fields because the schema orders them. The preview token is
 * not part of the request.
 */
const hashOf = ({ preview_token: _, ...input }: DeployInput): string =>
  createHash('sha256').update(JSON.stringify(input)).digest('hex')

/**
 * Throws when the preview fitted and the deployment no longer does; otherwise returns whether the placement would
 * differ.
 */
async function previewOf(services: Services, input: DeployInput): Promise<z.infer<typeof deployAnswer>['preview']> {
  if (input.preview_token === undefined) return undefined
  const freshness = await freshnessOf(services, input, input.preview_token)
  if (!freshness) {
    const message = 'This is not the token of a preview: leave it out, or take it from placement.preview'
    throw new Failure('bad-input', message, { fields: [{ path: 'preview_token', message }] })
  }
  const { outcome, stillFits, message } = freshness
  if (!stillFits && !input.wait_for_capacity)
    throw new Failure('conflict', message, { fields: [{ path: 'preview_token', message }] })
  return { outcome, message }
}

const byId = z.object({ id: idText() })
const byDeploymentId = z.object({ deployment_id: idText() })

export const deploymentRouter = router({
  deploy: procedureFor('deployments.create')
    .meta({
      accepted: true,
      openapi: {
        method: 'POST',
        path: '/deployment/deploy',
        tags,
        summary: 'Accept a deployment; a background scheduler places it',
        description:
          'Answered with 202 once the deployment, its resources, its first history row and its evaluation are committed. ' +
          'An Idempotency-Key header makes a repeated call return the first answer.',
        requestHeaders: z.object({ 'idempotency-key': personText({ max: 200 }).optional() }),
      },
    })
    .input(z.object(deploySchema.shape))
    .output(deployAnswer)
    .mutation(async ({ ctx, input }) => {
      const { intake, log } = ctx.services
      if (ctx.idempotencyKey !== null && !/^[\x21-\x7e]{1,200}$/.test(ctx.idempotencyKey))
        throw new Failure('bad-input', 'An Idempotency-Key is 1 to 200 visible ASCII characters', {
          fields: [{ path: 'Idempotency-Key', message: 'must be 1 to 200 visible ASCII characters' }],
        })
      log.info(`Creating deployment: ${input.name} (${input.type}) for user ${ctx.actor.name}`)
      await requireKnownDeployments(ctx.services.store, input)
      const preview = await previewOf(ctx.services, input)
      const { answer, repeated } = await intake.accept(ctx.actor, newDeployment(input), {
        idempotency: ctx.idempotencyKey === null ? null : { key: ctx.idempotencyKey, requestHash: hashOf(input) },
        answer: (deploymentId): z.infer<typeof deployAnswer> => ({
          success: true,
          deployment_id: deploymentId,
          status: 'pending',
          replicas: input.replicas,
          message: `Deployment ${input.name} accepted: ${countOf(input.replicas, 'replica')} will be scheduled`,
          ...(preview && { preview }),
        }),
      })
      if (repeated) {
        log.info(`Repeated request: deployment ${answer.deployment_id} was accepted before`)
        return answer
      }
      log.info(`Created deployment record ${answer.deployment_id} for ${input.name} with ${input.replicas} replicas`)
      log.info(`Queued deployment ${answer.deployment_id} for scheduling`)
      return answer
    }),

  status: procedureFor('deployments.read')
    .meta({
      openapi: {
        method: 'GET',
        path: '/deployment/status/{deployment_id}',
        tags,
        summary: 'The status of a deployment and its replicas',
      },
    })
    .input(byDeploymentId)
    .output(statusAnswer)
    .query(async ({ ctx, input }) => {
      const { store } = ctx.services
      const [record, changes] = await Promise.all([
        readDeployment(store, input.deployment_id),
        // Reading the deployment already refuses an invalid id; here that would only be a database error.
        recentStatusChanges(store, input.deployment_id, 20).catch(() => []),
      ])
      return {
        deployment_id: record.summary.id,
        name: record.summary.name,
        status: record.summary.status,
        health: record.summary.health,
        target_replicas: record.summary.targetReplicas,
        replicas: record.replicas
          // The replicas are sorted by slot, newest first. Keeps the newest attempt of each slot, and older ones whose
          // containers may still exist.
          .filter((replica, i, all) => replica.reserved || all[i - 1]?.slot !== replica.slot)
          .map((replica) => ({
            id: replica.id,
            node_id: replica.node.id,
            node_name: replica.node.nodeId,
            status: replica.status,
            container_id: replica.containerId,
            started_at: replica.startedAt,
          })),
        resources: answerResources(record.resources),
        recent_status_changes: changes.map((change) => ({
          old_status: change.oldStatus,
          new_status: change.newStatus as z.infer<typeof statusAnswer>['status'],
          changed_at: change.changedAt.toISOString(),
          reason: change.reason,
        })),
        created_at: record.summary.createdAt,
        updated_at: record.summary.updatedAt,
      }
    }),

  list: procedureFor('deployments.read')
    .meta({
      openapi: { method: 'GET', path: '/deployment/list', tags, summary: 'Deployments; the total is in X-Total-Count' },
    })
    .input(listSchema)
    .output(listAnswer)
    .query(async ({ ctx, input }) => {
      const { items, total } = await listDeployments(ctx.services.store, {
        search: input.name,
        status: input.status,
        createdAfter: input.created_after === undefined ? undefined : new Date(input.created_after),
        createdBefore: input.created_before === undefined ? undefined : new Date(input.created_before),
        sortBy: input.sort_by,
        sortOrder: input.sort_order,
        limit: input.limit,
        offset: input.offset,
      })
      ctx.resHeaders.set('X-Total-Count', String(total))
      return items.map((item) => ({
        deployment_id: item.id,
        name: item.name,
        type: item.type,
        container_image: item.image,
        status: item.status,
        health: item.health,
        target_replicas: item.targetReplicas,
        running_replicas: item.runningReplicas,
        region: item.region,
        user: item.owner.username,
        created_at: item.createdAt,
        updated_at: item.updatedAt,
      }))
    }),

  scale: procedureFor('deployments.changeOwn')
    .meta({
      accepted: true,
      openapi: {
        method: 'POST',
        path: '/deployment/scale/{deployment_id}',
        tags,
        summary: 'Change the number of replicas (0 stops all)',
      },
    })
    .input(byDeploymentId.extend({ replicas: scaleReplicasSchema }))
    .output(deployAnswer)
    .mutation(async ({ ctx, input }) => {
      const scaled = await scaleDeployment(ctx.services.store, ctx.actor, {
        id: input.deployment_id,
        replicas: input.replicas,
      })
      ctx.services.log.info(
        `Scaling deployment ${scaled.id}: ${scaled.previous} -> ${input.replicas} replicas for user ${ctx.actor.name}`,
      )
      return {
        success: true as const,
        deployment_id: scaled.id,
        status: scaled.status,
        replicas: input.replicas,
        message: `Deployment ${scaled.name} goes from ${scaled.previous} to ${input.replicas} replicas`,
      }
    }),

  delete: procedureFor('deployments.changeOwn')
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/deployment/{deployment_id}',
        tags,
        summary: 'Delete a deployment; its history stays',
      },
    })
    .input(byDeploymentId)
    .output(deletionAnswer)
    .mutation(async ({ ctx, input }) => {
      const deletion = await deleteDeployment(ctx.services.store, ctx.actor, input.deployment_id)
      logStatusChange(ctx.services.log, {
        id: deletion.id,
        from: deletion.from,
        to: 'deleted',
        reason: `Deleted by ${ctx.actor.name}`,
        changedBy: ctx.actor.name,
      })
      return {
        success: true as const,
        deployment_id: deletion.id,
        status: 'deleted' as const,
        replicas_stopped: deletion.replicasStopped,
        resources_released: answerResources(deletion.resources),
        deleted_at: deletion.deletedAt.toISOString(),
        message: `Deployment ${deletion.name} deleted: ${countOf(deletion.replicasStopped, 'replica')} will be stopped`,
      }
    }),

  retry: procedureFor('deployments.changeOwn')
    .input(byDeploymentId)
    .mutation(async ({ ctx, input }) => {
      const { id } = await retryDeployment(ctx.services.store, ctx.actor, input.deployment_id)
      ctx.services.log.info(`Retrying deployment ${id} for user ${ctx.actor.name}`)
      return { deployment_id: id }
    }),

  stop: procedureFor('deployments.changeOwn')
    .input(byDeploymentId)
    .mutation(async ({ ctx, input }) => {
      const stopped = await stopDeployment(ctx.services.store, ctx.actor, input.deployment_id)
      ctx.services.log.info(`Stopping deployment ${stopped.id} for user ${ctx.actor.name}`)
      return { deployment_id: stopped.id, replicas: stopped.replicas }
    }),

  start: procedureFor('deployments.changeOwn')
    .input(byDeploymentId)
    .mutation(async ({ ctx, input }) => {
      const started = await startDeployment(ctx.services.store, ctx.actor, input.deployment_id)
      ctx.services.log.info(`Starting deployment ${started.id} for user ${ctx.actor.name}`)
      return { deployment_id: started.id, replicas: started.replicas }
    }),

  page: procedureFor('deployments.read')
    .input(pageSchema)
    .query(({ ctx, input }) =>
      listDeployments(ctx.services.store, {
        search: input.search,
        status: input.status,
        sortBy: input.sort_by,
        sortOrder: input.sort_order,
        limit: input.limit,
        offset: input.offset,
      }),
    ),

  detail: procedureFor('deployments.read')
    .input(byId)
    .query(async ({ ctx, input }): Promise<DeploymentDetail> => {
      const { summary, userId, ...record } = await readDeployment(ctx.services.store, input.id)
      const blocked = (action: DeploymentAction) => whyBlocked(ctx.actor, { ...summary, userId }, action)
      const actions = Object.keys(deploymentActions) as DeploymentAction[]
      return {
        ...summary,
        ...record,
        blocked: Object.fromEntries(actions.map((action) => [action, blocked(action)])) as DeploymentDetail['blocked'],
      }
    }),

  timeline: procedureFor('deployments.read')
    .input(byId)
    .query(({ ctx, input }): Promise<DeploymentTimeline> => readTimeline(ctx.services.store, input.id)),

  decisions: procedureFor('deployments.read')
    .input(byId)
    .query(({ ctx, input }): Promise<DecisionSummary[]> => listDecisions(ctx.services.store, input.id)),
})

const whyBlocked = (
  actor: Actor,
  deployment: { userId: string; owner: { username: string }; status: DeploymentDetail['status'] },
  action: DeploymentAction,
): string | null =>
  actionBlocked(
    actor,
    { userId: deployment.userId, owner: deployment.owner.username, status: deployment.status },
    action,
  )?.message ?? null

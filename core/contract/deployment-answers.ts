/** Answers of the REST API about deployments. */
import { z } from 'zod'
import { deploymentStatuses, healths, replicaStatuses } from '@/core/deployments/status'
import { deploymentTypes } from '@/core/placement/resources'

export const deployAnswer = z.object({
  success: z.literal(true),
  deployment_id: z.string(),
  status: z.enum(deploymentStatuses),
  replicas: z.number(),
  message: z.string(),
  preview: z
    .object({ outcome: z.enum(['same', 'differs']), message: z.string() })
    .optional()
    .describe('Given when the call carried a preview_token'),
})

const time = z.string().describe('ISO 8601')

export const statusAnswer = z.object({
  deployment_id: z.string(),
  name: z.string(),
  status: z.enum(deploymentStatuses),
  health: z.enum(healths),
  target_replicas: z.number(),
  replicas: z.array(
    z.object({
      id: z.string(),
      node_id: z.string(),
      node_name: z.string(),
      status: z.enum(replicaStatuses),
      container_id: z.string().nullable(),
      started_at: time.nullable(),
    }),
  ),
  resources: z.object({
    cpu_cores: z.number(),
    memory_mb: z.number().describe('MiB'),
    gpu_units: z.number(),
    storage_gb: z.number().describe('GiB'),
  }),
  recent_status_changes: z.array(
    z.object({ old_status: z.string(), new_status: z.enum(deploymentStatuses), changed_at: time, reason: z.string() }),
  ),
  created_at: time,
  updated_at: time,
})

export const listAnswer = z.array(
  z.object({
    deployment_id: z.string(),
    name: z.string(),
    type: z.enum(deploymentTypes),
    container_image: z.string(),
    status: z.enum(deploymentStatuses),
    health: z.enum(healths),
    target_replicas: z.number(),
    running_replicas: z.number(),
    region: z.string().nullable(),
    user: z.string(),
    created_at: time,
    updated_at: time,
  }),
)

export const deletionAnswer = z.object({
  success: z.literal(true),
  deployment_id: z.string(),
  status: z.literal('deleted'),
  replicas_stopped: z.number(),
  resources_released: z.object({
    cpu_cores: z.number(),
    memory_mb: z.number().describe('MiB'),
    gpu_units: z.number(),
    storage_gb: z.number().describe('GiB'),
  }),
  deleted_at: time,
  message: z.string(),
})

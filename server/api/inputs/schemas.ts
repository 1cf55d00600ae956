import { z } from 'zod'
import { imageProblem } from '@/core/deployments/image'
import { deploymentStatuses, healths, replicaStatuses } from '@/core/deployments/status'
import { deploymentTypes, limits, millisOfCores, priorities, type Resources } from '@/core/placement/resources'
import { policyProfileNames, weightsProblem } from '@/core/placement/types'
import { lostAfterLimits } from '@/core/settings/settings'
import {
  asGiven,
  constraintSchema,
  flag,
  personText,
  personTimeOrDay,
  queryLimit,
  queryOffset,
  range,
  recordOf,
  whole,
} from './fields'
import { placementRuleFields } from './preference-schemas'

/** Inputs of the REST contract, with messages that say what to do. */
export const regionSchema = personText({ max: 63, error: 'The region must be text' }).regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  'A region is 1 to 63 letters, digits, . _ -, for example us-east',
)

const replicasSchema = whole('Replicas', limits.replicas)
export const scaleReplicasSchema = whole('Replicas', { min: 0, max: limits.replicas.max })

export const resourcesSchema = z.object(
  {
    cpu: z
      .number({ error: 'CPU must be a number of cores' })
      .min(limits.cpu.min, range('CPU', limits.cpu, ' cores'))
      .max(limits.cpu.max, range('CPU', limits.cpu, ' cores'))
      .refine((cores) => Math.abs(cores * 1000 - Math.round(cores * 1000)) < 1e-9, 'CPU has at most three decimals')
      .transform(asGiven),
    memory: whole('Memory', limits.memory, ' MiB').describe('MiB'),
    gpu: whole('GPU', limits.gpu, ' units').optional(),
    storage: whole('Storage', limits.storage, ' GiB').optional().describe('GiB'),
  },
  { error: 'Resources must be an object with cpu and memory' },
)

export const resourcesOf = (input: z.infer<typeof resourcesSchema>): Resources => ({
  cpuMillis: millisOfCores(input.cpu),
  memoryMb: input.memory,
  gpuUnits: input.gpu ?? limits.gpu.default,
  storageGb: input.storage ?? limits.storage.default,
})

const policyWeight = z.number().min(0, 'A weight is between 0 and 1').max(1, 'A weight is between 0 and 1')

/** A policy by name, or custom weights. */
export const policySchema = z.union(
  [
    z.enum(policyProfileNames),
    z
      .object({
        weights: z.object({ resources: policyWeight, load: policyWeight, locality: policyWeight }),
        packing: z.boolean().optional(),
      })
      .superRefine(({ weights }, context) => {
        const message = weightsProblem(weights)
        if (message) context.addIssue({ code: 'custom', path: ['weights'], message })
      }),
  ],
  {
    error: `A policy is one of ${policyProfileNames.join(', ')}, or {"weights": {"resources", "load", "locality"}} adding up to 1`,
  },
)

const port = (what: string) => whole(what, { min: 1, max: 65535 })
const portSchema = z.object({
  container: port('The container port'),
  host: port('The host port').nullable().default(null),
})

export const envLimit = 100
export const envName = personText({ max: 128 }).regex(
  /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
  'A variable name is letters, digits and _, not starting with a digit',
)
/** Values are for programs, so any character is allowed that a process can receive. */
export const envValue = personText({ max: 8192, shape: 'raw', tooLong: 'A value has at most 8192 characters' })
const envSchema = recordOf({ key: envName, value: envValue }, envLimit, `At most ${envLimit} variables`)

const portsSchema = z
  .array(portSchema)
  .max(20, 'At most 20 ports')
  .refine(
    (ports) => new Set(ports.map((one) => one.container)).size === ports.length,
    'A container port is listed twice',
  )
  .refine((ports) => {
    const hosts = ports.flatMap(({ host }) => host ?? [])
    return new Set(hosts).size === hosts.length
  }, 'A host port is listed twice')
  .describe('A fixed host port can be held once per node; without one, the engine picks a free port')

/** Fields that affect placement, shared by the deploy call and the preview. */
const placementFields = {
  replicas: replicasSchema,
  resources: resourcesSchema,
  region: regionSchema.nullish(),
  max_per_node: whole('Replicas per node', limits.replicas).optional(),
  constraints: z.array(constraintSchema).max(20, 'At most 20 label constraints').optional(),
  policy: policySchema.optional(),
  ports: portsSchema.optional(),
  ...placementRuleFields,
}

export const previewSchema = z.object(placementFields)

export const deploySchema = z.object({
  name: personText({
    max: limits.name.max,
    tooLong: `Name has at most ${limits.name.max} characters`,
    error: 'Name must be text',
  })
    .min(limits.name.min, 'Give the deployment a name')
    .regex(limits.name.pattern, 'Name may have only letters, digits, _ and -'),
  type: z.enum(deploymentTypes, { error: `Type must be one of ${deploymentTypes.join(', ')}` }),
  container_image: personText({ max: 100_000, error: 'The container image must be text' }).superRefine(
    (image, context) => {
      const message = imageProblem(image)
      if (message) context.addIssue({ code: 'custom', message })
    },
  ),
  ...placementFields,
  wait_for_capacity: flag('wait_for_capacity').optional(),
  lost_after: whole('Reschedule after', lostAfterLimits, ' seconds')
    .optional()
    .describe('Seconds for which a node is offline before its replicas are lost and replaced elsewhere; 0 = never'),
  env: envSchema.optional(),
  priority: whole('Priority', priorities).optional(),
  preview_token: personText({ max: 20_000 }).optional(),
})
export type DeployInput = z.infer<typeof deploySchema>

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

export const pageSchema = z.object({
  search: personText({ max: 200 }).optional(),
  status: z.enum(deploymentStatuses).optional(),
  ...sorting,
  ...whichPage,
})

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

/** Calls that deploy, change and preview deployments, with messages that say what to do. */
import * as z from 'zod/mini'
import { imageProblem } from '@/core/deployments/image'
import { deploymentTypes, limits, millisOfCores, priorities, type Resources } from '@/core/placement/resources'
import { policyProfileNames, weightsProblem } from '@/core/placement/types'
import { lostAfterLimits } from '@/core/settings/settings'
import { asGiven, constraintSchema, flag, range, recordOf, text, whole } from './form-fields'
import { placementRuleFields } from './placement-rules'
import { refusing } from './rules'

export const regionSchema = text({ max: 63, error: 'The region must be text' }).check(
  z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'A region is 1 to 63 letters, digits, . _ -, for example us-east'),
)

const replicasSchema = whole('Replicas', limits.replicas)

export const resourcesSchema = z.object(
  {
    cpu: asGiven(
      z.number({ error: 'CPU must be a number of cores' }).check(
        z.minimum(limits.cpu.min, range('CPU', limits.cpu, ' cores')),
        z.maximum(limits.cpu.max, range('CPU', limits.cpu, ' cores')),
        z.refine(
          (cores: number) => Math.abs(cores * 1000 - Math.round(cores * 1000)) < 1e-9,
          'CPU has at most three decimals',
        ),
      ),
    ),
    memory: whole('Memory', limits.memory, ' MiB').check(z.describe('MiB')),
    gpu: z.optional(whole('GPU', limits.gpu, ' units')),
    storage: z.optional(whole('Storage', limits.storage, ' GiB')).check(z.describe('GiB')),
  },
  { error: 'Resources must be an object with cpu and memory' },
)

export const resourcesOf = (input: z.output<typeof resourcesSchema>): Resources => ({
  cpuMillis: millisOfCores(input.cpu),
  memoryMb: input.memory,
  gpuUnits: input.gpu ?? limits.gpu.default,
  storageGb: input.storage ?? limits.storage.default,
})

const policyWeight = z
  .number()
  .check(z.minimum(0, 'A weight is between 0 and 1'), z.maximum(1, 'A weight is between 0 and 1'))

/** A policy by name, or custom weights. */
export const policySchema = z.union(
  [
    z.enum(policyProfileNames),
    z
      .object({
        weights: z.object({ resources: policyWeight, load: policyWeight, locality: policyWeight }),
        packing: z.optional(z.boolean()),
      })
      .check(
        z.superRefine(({ weights }, context) => {
          const message = weightsProblem(weights)
          if (message) context.addIssue({ code: 'custom', path: ['weights'], message })
        }),
      ),
  ],
  {
    error: `A policy is one of ${policyProfileNames.join(', ')}, or {"weights": {"resources", "load", "locality"}} adding up to 1`,
  },
)

const port = (what: string) => whole(what, { min: 1, max: 65535 })
const portSchema = z.object({
  container: port('The container port'),
  host: z._default(z.nullable(port('The host port')), null),
})

export const envLimit = 100
export const envName = text({ max: 128 }).check(
  z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'A variable name is letters, digits and _, not starting with a digit'),
)
/** Values are for programs, so any character is allowed that a process can receive. */
export const envValue = text({ max: 8192, shape: 'raw', tooLong: 'A value has at most 8192 characters' })
const envSchema = recordOf({ key: envName, value: envValue }, envLimit, `At most ${envLimit} variables`)

const portsSchema = z.array(portSchema).check(
  z.maxLength(20, 'At most 20 ports'),
  z.superRefine((ports, context) => {
    for (const name of ['container', 'host'] as const)
      for (const [index, one] of ports.entries())
        if (one[name] !== null && ports.findIndex((other) => other[name] === one[name]) < index)
          context.addIssue({ code: 'custom', path: [index, name], message: `A ${name} port is listed twice` })
  }),
  z.describe('A fixed host port can be held once per node; without one, the engine picks a free port'),
)

/** Fields that affect placement, shared by the deploy call and the preview. */
const placementFields = {
  replicas: replicasSchema,
  resources: resourcesSchema,
  region: z.nullish(regionSchema),
  max_per_node: z.optional(whole('Replicas per node', limits.replicas)),
  constraints: z.optional(z.array(constraintSchema).check(z.maxLength(20, 'At most 20 label constraints'))),
  policy: z.optional(policySchema),
  ports: z.optional(portsSchema),
  ...placementRuleFields,
}

export const previewSchema = z.object(placementFields)

export const deploySchema = z.object({
  name: text({
    max: limits.name.max,
    tooLong: `Name has at most ${limits.name.max} characters`,
    error: 'Name must be text',
  }).check(
    z.minLength(limits.name.min, 'Give the deployment a name'),
    z.regex(limits.name.pattern, 'Name may have only letters, digits, _ and -'),
  ),
  type: z.enum(deploymentTypes, { error: `Type must be one of ${deploymentTypes.join(', ')}` }),
  container_image: text({ max: 100_000, error: 'The container image must be text' }).check(refusing(imageProblem)),
  ...placementFields,
  wait_for_capacity: z.optional(flag('wait_for_capacity')),
  lost_after: z
    .optional(whole('Reschedule after', lostAfterLimits, ' seconds'))
    .check(
      z.describe('Seconds for which a node is offline before its replicas are lost and replaced elsewhere; 0 = never'),
    ),
  env: z.optional(envSchema),
  priority: z.optional(whole('Priority', priorities)),
  preview_token: z.optional(text({ max: 20_000 })),
})
export type DeployInput = z.output<typeof deploySchema>

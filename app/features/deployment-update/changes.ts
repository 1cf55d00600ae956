import type { inferRouterInputs } from '@trpc/server'
import { placementRuleRowsOf, policyForm } from '@/app/features/deploy-form/filled-in'
import type { DeployInput } from '@/app/features/deploy-form/inputs'
import { type SpecChange, specChanges } from '@/core/deployments/revision'
import { withGivenPlacementRules } from '@/core/placement/preferences'
import { limits, millisOfCores, priorities } from '@/core/placement/resources'
import { policyOf } from '@/core/placement/types'
import type { DeploymentDetail } from '@/core/views/deployments'
import type { AppRouter } from '@/server/api/root'
import { type DeployForm, emptyForm } from '../deploy-form/form'

type UpdateInput = Omit<inferRouterInputs<AppRouter>['deployment']['update'], 'deployment_id'>

/**
 * The form filled in from a deployment. Values of environment variables are unknown, because they can't be read back.
 */
export const formOf = (deployment: DeploymentDetail): DeployForm => ({
  ...emptyForm,
  name: deployment.name,
  type: deployment.type,
  image: deployment.image,
  // A stopped deployment has 0 replicas, which the form can't express: Start restores the number.
  replicas: String(Math.max(1, deployment.targetReplicas)),
  cpu: String(deployment.resources.cpuMillis / 1000),
  memory: String(deployment.resources.memoryMb),
  gpu: String(deployment.resources.gpuUnits),
  storage: String(deployment.resources.storageGb),
  region: deployment.region ?? '',
  maxPerNode: String(deployment.maxPerNode),
  constraints: deployment.constraints.map(({ key, op, values }) => ({ key, op, values: values.join(', ') })),
  policy: policyForm(deployment.policy),
  ...placementRuleRowsOf(deployment.placementRules),
  waitForCapacity: deployment.waitForCapacity,
  priority: String(deployment.priority),
  ports: deployment.ports.map(({ container, host }) => ({
    container: String(container),
    host: host === null ? '' : String(host),
  })),
})

/** The value of each field when a deploy call omits it. */
const absent = {
  region: null,
  max_per_node: 1,
  constraints: [],
  policy: null,
  preferences: [],
  spread: [],
  affinity: [],
  anti_affinity: [],
  wait_for_capacity: false,
  priority: priorities.default,
  ports: [],
} as const satisfies Partial<UpdateInput>

const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b)

/** The body of the update: the fields that differ from `before`, and the variables to set and to remove. */
export function updateOf(before: DeployInput, after: DeployInput, removed: readonly string[]): UpdateInput {
  const { name: _, preview_token: __, env: set, ...wanted } = { ...absent, ...after }
  const had: UpdateInput = { ...absent, ...before }
  const changed = Object.entries(wanted).filter(([field, value]) => differs(value, had[field as keyof UpdateInput]))
  const env = { ...Object.fromEntries(removed.map((name) => [name, null])), ...set }
  return { ...Object.fromEntries(changed), ...(Object.keys(env).length > 0 && { env }) }
}

/** The same changes as text, one per line. */
export function changesOf(before: DeployInput, after: DeployInput, removed: readonly string[]): SpecChange[] {
  const changes = specChanges(specOf(before), specOf(after))
  if (before.replicas !== after.replicas)
    changes.unshift({ what: 'replicas', from: String(before.replicas), to: String(after.replicas) })
  for (const name of Object.keys(after.env ?? {}))
    changes.push({ what: `variable ${name}`, from: 'current value', to: 'new value' })
  for (const name of removed)
    if (!Object.hasOwn(after.env ?? {}, name)) changes.push({ what: `variable ${name}`, from: 'set', to: 'none' })
  return changes
}

const specOf = (input: DeployInput): Parameters<typeof specChanges>[0] => ({
  type: input.type,
  image: input.container_image,
  resources: {
    cpuMillis: millisOfCores(input.resources.cpu),
    memoryMb: input.resources.memory,
    gpuUnits: input.resources.gpu ?? limits.gpu.default,
    storageGb: input.resources.storage ?? limits.storage.default,
  },
  region: input.region ?? null,
  waitForCapacity: input.wait_for_capacity ?? false,
  maxPerNode: input.max_per_node ?? 1,
  constraints: (input.constraints ?? []).map(({ values = [], ...constraint }) => ({ ...constraint, values })),
  placementRules: withGivenPlacementRules(null, input),
  policy: input.policy === undefined ? null : policyOf(input.policy),
  priority: input.priority ?? priorities.default,
  // Values of variables are unknown, so changes of variables are compared separately.
  envNames: [],
  ports: (input.ports ?? []).map(({ container, host = null }) => ({ container, host })),
})

import * as v from 'valibot'
import { imageProblem } from '@/core/deployments/image'
import { deploymentTypes, limits, priorities } from '@/core/placement/resources'
import { defaultLostAfterSeconds, lostAfterLimits } from '@/core/settings/settings'
import {
  between,
  checkConstraint,
  checked,
  checkNumber,
  constraintOf,
  constraintShape,
  numberOf,
  numberText,
  optionalList,
  type Problem,
  rawText,
  saying,
  text,
  wholeNumber,
} from './form-fields'
import type { DeployInput, PreviewInput } from './inputs'
import { emptyPolicy, policyInputOf, policyShape } from './policy-form'
import { placementRuleShape, placementRulesOf } from './preference-form'

/**
 * The schema of the form, whose fields are text as typed. Errors have the same messages as the server's for the same
 * mistakes (form-schema.test.ts compares them).
 */
const cores = v.pipe(
  numberText,
  v.number('CPU must be a number of cores'),
  v.minValue(limits.cpu.min, between('CPU', limits.cpu, ' cores')),
  v.maxValue(limits.cpu.max, between('CPU', limits.cpu, ' cores')),
  v.check((value) => Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-9, 'CPU has at most three decimals'),
)

const regionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const region = v.pipe(
  text,
  v.trim(),
  saying((value) =>
    value === '' || regionPattern.test(value)
      ? null
      : 'A region is 1 to 63 letters, digits, . _ -, for example us-east',
  ),
)

const { name: nameLimits } = limits
const nameProblem = (name: string): string | null => {
  if (name.length < nameLimits.min) return 'Give the deployment a name'
  if (name.length > nameLimits.max) return `Name has at most ${nameLimits.max} characters`
  return nameLimits.pattern.test(name) ? null : 'Name may have only letters, digits, _ and -'
}

const constraintRow = v.pipe(v.object(constraintShape), checked(checkConstraint))

const portText = (what: string) => wholeNumber(what, { min: 1, max: 65535 })

const portRow = v.pipe(
  v.object({ container: text, host: text }),
  checked(({ container, host }, problem) => {
    if (container.trim() === '' && host.trim() === '') return
    for (const [name, value, what] of [
      ['container', container, 'The container port'],
      ['host', host, 'The host port'],
    ] as const) {
      if (name === 'host' && value.trim() === '') continue
      checkNumber(portText(what), value, (message) => problem([name], message))
    }
  }),
)

const envRow = v.pipe(
  v.object({ name: text, value: rawText }),
  checked(({ name, value }, problem) => {
    if (name.trim() === '' && value === '') return
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name.trim()))
      problem(['name'], 'A variable name is letters, digits and _, not starting with a digit')
    if (value.length > 8192) problem(['value'], 'A value has at most 8192 characters')
  }),
)

/** Adds an error to the second of two equal rows. */
function noneTwice<Name extends string>(
  rows: Record<Name, string>[],
  problem: Problem,
  { name, message }: { name: Name; message: string },
): void {
  const seen = new Set<string>()
  rows.forEach((row, index) => {
    const value = row[name].trim()
    if (value !== '' && seen.has(value)) problem([index, name], message)
    seen.add(value)
  })
}

/** The fields that placement depends on, and therefore the preview. */
const placementShape = {
  replicas: wholeNumber('Replicas', limits.replicas),
  cpu: cores,
  memory: wholeNumber('Memory', limits.memory, ' MiB'),
  gpu: wholeNumber('GPU', limits.gpu, ' units'),
  storage: wholeNumber('Storage', limits.storage, ' GiB'),
  region,
  maxPerNode: wholeNumber('Replicas per node', limits.replicas),
  constraints: v.pipe(v.array(constraintRow), v.maxLength(20, 'At most 20 label constraints')),
  policy: policyShape,
  ports: v.pipe(
    v.array(portRow),
    v.maxLength(20, 'At most 20 ports'),
    checked((rows, problem) => {
      noneTwice(rows, problem, { name: 'container', message: 'A container port is listed twice' })
      noneTwice(rows, problem, { name: 'host', message: 'A host port is listed twice' })
    }),
  ),
  ...placementRuleShape,
}

const placementForm = v.object(placementShape)
type PlacementForm = v.InferOutput<typeof placementForm>

const previewOf = (form: PlacementForm): PreviewInput => ({
  replicas: form.replicas,
  resources: { cpu: form.cpu, memory: form.memory, gpu: form.gpu, storage: form.storage },
  ...(form.region === '' ? {} : { region: form.region }),
  ...(form.maxPerNode === 1 ? {} : { max_per_node: form.maxPerNode }),
  ...optionalList('constraints', form.constraints.filter(({ key }) => key.trim() !== '').map(constraintOf)),
  ...policyInputOf(form.policy),
  ...optionalList(
    'ports',
    form.ports.flatMap(({ container, host }) =>
      container.trim() === ''
        ? []
        : [{ container: numberOf(container), host: host.trim() === '' ? null : numberOf(host) }],
    ),
  ),
  ...placementRulesOf(form),
})

export const previewFormSchema = v.pipe(placementForm, v.transform(previewOf))

export const deployFormSchema = v.pipe(
  v.object({
    name: v.pipe(text, v.trim(), saying(nameProblem)),
    type: v.picklist(deploymentTypes),
    image: v.pipe(text, v.trim(), saying(imageProblem)),
    ...placementShape,
    waitForCapacity: v.boolean(),
    lostAfter: wholeNumber('Reschedule after', lostAfterLimits, ' seconds'),
    priority: wholeNumber('Priority', priorities),
    env: v.pipe(
      v.array(envRow),
      v.maxLength(100, 'At most 100 variables'),
      checked((rows, problem) => noneTwice(rows, problem, { name: 'name', message: 'This variable is listed twice' })),
    ),
  }),
  v.transform((form): DeployInput => {
    const env = form.env.flatMap(({ name, value }) => (name.trim() === '' ? [] : [[name.trim(), value] as const]))
    return {
      name: form.name,
      type: form.type,
      container_image: form.image,
      ...previewOf(form),
      ...(form.lostAfter === defaultLostAfterSeconds ? {} : { lost_after: form.lostAfter }),
      ...(form.waitForCapacity ? { wait_for_capacity: true } : {}),
      ...(form.priority === priorities.default ? {} : { priority: form.priority }),
      ...(env.length > 0 ? { env: Object.fromEntries(env) } : {}),
    }
  }),
)

/** The request that the form describes; null while the form is invalid. */
export function readForm(form: unknown): DeployInput | null {
  const parsed = v.safeParse(deployFormSchema, form)
  return parsed.success ? parsed.output : null
}

export type DeployForm = v.InferInput<typeof deployFormSchema>

export const emptyForm: DeployForm = {
  name: '',
  type: 'compute',
  image: '',
  replicas: '1',
  cpu: '1',
  memory: '512',
  gpu: String(limits.gpu.default),
  storage: String(limits.storage.default),
  region: '',
  maxPerNode: '1',
  constraints: [],
  policy: emptyPolicy,
  preferences: [],
  spread: [],
  affinity: [],
  waitForCapacity: false,
  lostAfter: String(defaultLostAfterSeconds),
  priority: String(priorities.default),
  ports: [],
  env: [],
}

import type { inferRouterInputs } from '@trpc/server'
import * as z from 'zod/mini'
import type { AppRouter } from '@/server/api/root'
import { imageProblem } from '@/server/domain/image'
import { deploymentTypes, limits, priorities } from '@/server/domain/resources'
import { defaultLostAfterSeconds, lostAfterLimits } from '@/server/domain/settings'
import {
  between,
  checkConstraint,
  constraintOf,
  constraintShape,
  numberOf,
  numberText,
  optionalList,
  text,
  wholeNumber,
} from './form-fields'
import { emptyPolicy, policyInputOf, policyShape } from './policy-form'
import { wishesOf, wishShape } from './wish-form'

/**
 * The form in the words of its fields: text as it was typed. It says the same sentences as the server does for the
 * same mistakes (form-schema.test.ts holds them together), only sooner.
 */
export type DeployInput = inferRouterInputs<AppRouter>['deployment']['deploy']
export type PreviewInput = inferRouterInputs<AppRouter>['placement']['preview']

const cores = z.pipe(
  numberText,
  z.number({ error: 'CPU must be a number of cores' }).check(
    z.minimum(limits.cpu.min, between('CPU', limits.cpu, ' cores')),
    z.maximum(limits.cpu.max, between('CPU', limits.cpu, ' cores')),
    z.refine((value) => Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-9, 'CPU has at most three decimals'),
  ),
)

const regionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const region = text.check(
  z.trim(),
  z.refine(
    (value) => value === '' || regionPattern.test(value),
    'A region is 1 to 63 letters, digits, . _ -, for example us-east',
  ),
)

const constraintRow = z.object(constraintShape).check(z.superRefine(checkConstraint))

const portText = (what: string) => wholeNumber(what, { min: 1, max: 65535 })

const portRow = z.object({ container: text, host: text }).check(
  z.superRefine(({ container, host }, context) => {
    if (container.trim() === '' && host.trim() === '') return
    for (const [name, value, what] of [
      ['container', container, 'The container port'],
      ['host', host, 'The host port'],
    ] as const) {
      if (name === 'host' && value.trim() === '') continue
      const problem = portText(what).safeParse(value).error?.issues[0]
      if (problem) context.addIssue({ code: 'custom', path: [name], message: problem.message })
    }
  }),
)

const envRow = z.object({ name: text, value: text }).check(
  z.superRefine(({ name, value }, context) => {
    if (name.trim() === '' && value === '') return
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name.trim()))
      context.addIssue({
        code: 'custom',
        path: ['name'],
        message: 'A variable name is letters, digits and _, not starting with a digit',
      })
    if (value.length > 8192)
      context.addIssue({ code: 'custom', path: ['value'], message: 'A value has at most 8192 characters' })
  }),
)

/** Marks the second of two rows that say the same. */
function noneTwice<Row>(
  rows: Row[],
  context: z.core.$RefinementCtx,
  { key, path, message }: { key: (row: Row) => string; path: string; message: string },
) {
  const seen = new Set<string>()
  rows.forEach((row, index) => {
    const value = key(row).trim()
    if (value !== '' && seen.has(value)) context.addIssue({ code: 'custom', path: [index, path], message })
    seen.add(value)
  })
}

/** What the placement depends on, and so the preview. */
const placementShape = {
  replicas: wholeNumber('Replicas', limits.replicas),
  cpu: cores,
  memory: wholeNumber('Memory', limits.memory, ' MB'),
  gpu: wholeNumber('GPU', limits.gpu, ' units'),
  storage: wholeNumber('Storage', limits.storage, ' GB'),
  region,
  maxPerNode: wholeNumber('Replicas per node', limits.replicas),
  constraints: z.array(constraintRow).check(z.maxLength(20, 'At most 20 label constraints')),
  policy: policyShape,
  ...wishShape,
}

const placementForm = z.object(placementShape)
type PlacementForm = z.output<typeof placementForm>

const previewOf = (form: PlacementForm): PreviewInput => ({
  replicas: form.replicas,
  resources: { cpu: form.cpu, memory: form.memory, gpu: form.gpu, storage: form.storage },
  ...(form.region === '' ? {} : { region: form.region }),
  ...(form.maxPerNode === 1 ? {} : { max_per_node: form.maxPerNode }),
  ...optionalList('constraints', form.constraints.filter(({ key }) => key.trim() !== '').map(constraintOf)),
  ...policyInputOf(form.policy),
  ...wishesOf(form),
})

export const previewFormSchema = z.pipe(placementForm, z.transform(previewOf))

export const deployFormSchema = z.pipe(
  z.object({
    name: text.check(
      z.trim(),
      z.minLength(limits.name.min, 'Give the deployment a name'),
      z.maxLength(limits.name.max, `Name has at most ${limits.name.max} characters`),
      z.regex(limits.name.pattern, 'Name may have only letters, digits, _ and -'),
    ),
    type: z.enum(deploymentTypes),
    image: text.check(
      z.trim(),
      z.superRefine((image, context) => {
        const message = imageProblem(image)
        if (message) context.addIssue({ code: 'custom', message })
      }),
    ),
    ...placementShape,
    waitForCapacity: z.boolean(),
    lostAfter: wholeNumber('Lost after', lostAfterLimits, ' seconds'),
    priority: wholeNumber('Priority', priorities),
    ports: z.array(portRow).check(
      z.maxLength(20, 'At most 20 ports'),
      z.superRefine((rows, context) =>
        noneTwice(rows, context, {
          key: (row) => row.container,
          path: 'container',
          message: 'A container port is listed twice',
        }),
      ),
    ),
    env: z.array(envRow).check(
      z.maxLength(100, 'At most 100 variables'),
      z.superRefine((rows, context) =>
        noneTwice(rows, context, { key: (row) => row.name, path: 'name', message: 'This variable is listed twice' }),
      ),
    ),
  }),
  z.transform((form): DeployInput => {
    const ports = form.ports.flatMap(({ container, host }) =>
      container.trim() === ''
        ? []
        : [{ container: numberOf(container), host: host.trim() === '' ? null : numberOf(host) }],
    )
    const env = form.env.flatMap(({ name, value }) => (name.trim() === '' ? [] : [[name.trim(), value] as const]))
    return {
      name: form.name,
      type: form.type,
      container_image: form.image,
      ...previewOf(form),
      ...(form.lostAfter === defaultLostAfterSeconds ? {} : { lost_after: form.lostAfter }),
      ...(form.waitForCapacity ? { wait_for_capacity: true } : {}),
      ...(form.priority === priorities.default ? {} : { priority: form.priority }),
      ...optionalList('ports', ports),
      ...(env.length > 0 ? { env: Object.fromEntries(env) } : {}),
    }
  }),
)

export type DeployForm = z.input<typeof deployFormSchema>

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

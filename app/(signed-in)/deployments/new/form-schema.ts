import type { inferRouterInputs } from '@trpc/server'
import { z } from 'zod'
import type { AppRouter } from '@/server/api/root'
import { imageProblem } from '@/server/domain/image'
import type { Constraint } from '@/server/domain/placement'
import { deploymentTypes, limits } from '@/server/domain/resources'
import { defaultLostAfterSeconds, lostAfterLimits } from '@/server/domain/settings'

/**
 * The form in the words of its fields: text as it was typed. It says the same sentences as the server does for the
 * same mistakes (form-schema.test.ts holds them together), only sooner.
 */
export type DeployInput = inferRouterInputs<AppRouter>['deployment']['deploy']
export type PreviewInput = inferRouterInputs<AppRouter>['placement']['preview']

const between = (what: string, { min, max }: { min: number; max: number }, unit: string): string =>
  `${what} must be between ${min} and ${max}${unit}`

/** "2", " 0.5 ", "0,5" → a number; anything else, and nothing, → NaN, which no number schema takes. */
const numberOf = (text: string): number => {
  const plain = text.trim().replace(',', '.')
  return plain === '' ? Number.NaN : Number(plain)
}

const text = z.string()

const wholeNumber = (what: string, bounds: { min: number; max: number }, unit = '') =>
  text.transform(numberOf).pipe(
    z
      .number({ error: `${what} must be a number` })
      .int(`${what} must be a whole number`)
      .min(bounds.min, between(what, bounds, unit))
      .max(bounds.max, between(what, bounds, unit)),
  )

const cores = text.transform(numberOf).pipe(
  z
    .number({ error: 'CPU must be a number of cores' })
    .min(limits.cpu.min, between('CPU', limits.cpu, ' cores'))
    .max(limits.cpu.max, between('CPU', limits.cpu, ' cores'))
    .refine((value) => Math.abs(value * 1000 - Math.round(value * 1000)) < 1e-9, 'CPU has at most three decimals'),
)

const regionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const region = text
  .trim()
  .refine(
    (value) => value === '' || regionPattern.test(value),
    'A region is 1 to 63 letters, digits, . _ -, for example us-east',
  )

export const constraintOps = ['=', '!=', 'in', 'exists'] as const satisfies readonly Constraint['op'][]

const valuesOf = ({ op, values }: { op: Constraint['op']; values: string }): string[] => {
  if (op === 'exists') return []
  if (op !== 'in') return [values.trim()]
  return values.split(',').flatMap((value) => value.trim() || [])
}

/** A row that nobody has filled in is no mistake; it is left out. */
const constraintRow = z.object({ key: text, op: z.enum(constraintOps), values: text }).superRefine((row, context) => {
  if (row.key.trim() === '' && row.values.trim() === '') return
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(row.key.trim()))
    context.addIssue({ code: 'custom', path: ['key'], message: 'A label key is 1 to 63 letters, digits, . _ - /' })
  if (valuesOf(row).some((value) => value.length > 63))
    context.addIssue({ code: 'custom', path: ['values'], message: 'A label value has at most 63 characters' })
  else if (row.op === 'in' && valuesOf(row).length === 0)
    context.addIssue({ code: 'custom', path: ['values'], message: 'in needs at least one value' })
})

const portText = (what: string) => wholeNumber(what, { min: 1, max: 65535 })

const portRow = z.object({ container: text, host: text }).superRefine(({ container, host }, context) => {
  if (container.trim() === '' && host.trim() === '') return
  for (const [name, value, what] of [
    ['container', container, 'The container port'],
    ['host', host, 'The host port'],
  ] as const) {
    if (name === 'host' && value.trim() === '') continue
    const problem = portText(what).safeParse(value).error?.issues[0]
    if (problem) context.addIssue({ code: 'custom', path: [name], message: problem.message })
  }
})

const envRow = z.object({ name: text, value: text }).superRefine(({ name, value }, context) => {
  if (name.trim() === '' && value === '') return
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name.trim()))
    context.addIssue({
      code: 'custom',
      path: ['name'],
      message: 'A variable name is letters, digits and _, not starting with a digit',
    })
  if (value.length > 8192)
    context.addIssue({ code: 'custom', path: ['value'], message: 'A value has at most 8192 characters' })
})

/** Marks the second of two rows that say the same. */
function noneTwice<Row>(
  rows: Row[],
  context: z.RefinementCtx,
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
  constraints: z.array(constraintRow).max(20, 'At most 20 label constraints'),
}

const placementForm = z.object(placementShape)
type PlacementForm = z.output<typeof placementForm>

const previewOf = (form: PlacementForm): PreviewInput => ({
  replicas: form.replicas,
  resources: { cpu: form.cpu, memory: form.memory, gpu: form.gpu, storage: form.storage },
  ...(form.region === '' ? {} : { region: form.region }),
  ...(form.maxPerNode === 1 ? {} : { max_per_node: form.maxPerNode }),
  ...optionalList('constraints', form.constraints.flatMap(constraintOf)),
})

const constraintOf = (row: z.output<typeof constraintRow>): Constraint[] =>
  row.key.trim() === '' ? [] : [{ key: row.key.trim(), op: row.op, values: valuesOf(row) }]

const optionalList = <Name extends string, Item>(name: Name, items: Item[]): { [Key in Name]?: Item[] } =>
  // A computed name makes TypeScript forget which one it was.
  items.length > 0 ? ({ [name]: items } as { [Key in Name]?: Item[] }) : {}

export const previewFormSchema = placementForm.transform(previewOf)

export const deployFormSchema = z
  .object({
    name: text
      .trim()
      .min(limits.name.min, 'Give the deployment a name')
      .max(limits.name.max, `Name has at most ${limits.name.max} characters`)
      .regex(limits.name.pattern, 'Name may have only letters, digits, _ and -'),
    type: z.enum(deploymentTypes),
    image: text.trim().superRefine((image, context) => {
      const message = imageProblem(image)
      if (message) context.addIssue({ code: 'custom', message })
    }),
    ...placementShape,
    waitForCapacity: z.boolean(),
    lostAfter: wholeNumber('Lost after', lostAfterLimits, ' seconds'),
    ports: z
      .array(portRow)
      .max(20, 'At most 20 ports')
      .superRefine((rows, context) =>
        noneTwice(rows, context, {
          key: (row) => row.container,
          path: 'container',
          message: 'A container port is listed twice',
        }),
      ),
    env: z
      .array(envRow)
      .max(100, 'At most 100 variables')
      .superRefine((rows, context) =>
        noneTwice(rows, context, { key: (row) => row.name, path: 'name', message: 'This variable is listed twice' }),
      ),
  })
  .transform((form): DeployInput => {
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
      ...optionalList('ports', ports),
      ...(env.length > 0 ? { env: Object.fromEntries(env) } : {}),
    }
  })

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
  waitForCapacity: false,
  lostAfter: String(defaultLostAfterSeconds),
  ports: [],
  env: [],
}

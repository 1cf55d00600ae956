/**
 * The deploy form: its fields are text as typed. The call that they describe is checked by the schemas of the contract,
 * as the server checks it, and what is wrong is brought back to the fields.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as z from 'zod/mini'
import type { DeployForm } from '@/app/features/deploy-form/form'
import { deploySchema, envName, previewSchema } from '@/core/contract/deployments'
import { priorities } from '@/core/placement/resources'
import { defaultLostAfterSeconds } from '@/core/settings/settings'
import { formPath } from './field-paths'
import { constraintOf, isBlank, isFilled, numberOf, optionalList } from './form-fields'
import type { DeployInput, PreviewInput } from './inputs'
import { policyInputOf, policyProblem } from './policy-form'
import { placementRulesOf } from './preference-form'

// The Content-Security-Policy allows no code made from text, with which zod would be faster.
z.config({ jitless: true })

/** The number of a field, unless it is the default, which calls leave out. */
const unlessDefault = <Name extends string>(name: Name, text: string, usual: number): { [Key in Name]?: number } => {
  const value = numberOf(text)
  return value === usual ? {} : ({ [name]: value } as { [Key in Name]?: number })
}

const previewCallOf = (form: DeployForm): PreviewInput => ({
  replicas: numberOf(form.replicas),
  resources: {
    cpu: numberOf(form.cpu),
    memory: numberOf(form.memory),
    gpu: numberOf(form.gpu),
    storage: numberOf(form.storage),
  },
  ...(isBlank(form.region) ? {} : { region: form.region.trim() }),
  ...unlessDefault('max_per_node', form.maxPerNode, 1),
  ...optionalList('constraints', form.constraints.filter(isFilled.constraint).map(constraintOf)),
  ...policyInputOf(form.policy),
  ...optionalList(
    'ports',
    form.ports
      .filter(isFilled.port)
      .map(({ container, host }) => ({ container: numberOf(container), host: isBlank(host) ? null : numberOf(host) })),
  ),
  ...placementRulesOf(form),
})

const deployCallOf = (form: DeployForm): DeployInput => {
  const env = form.env.filter(isFilled.variable).map(({ name, value }) => [name.trim(), value] as const)
  return {
    name: form.name.trim(),
    type: form.type,
    container_image: form.image.trim(),
    ...previewCallOf(form),
    ...unlessDefault('lost_after', form.lostAfter, defaultLostAfterSeconds),
    ...(form.waitForCapacity ? { wait_for_capacity: true } : {}),
    ...unlessDefault('priority', form.priority, priorities.default),
    ...(env.length > 0 ? { env: Object.fromEntries(env) } : {}),
  }
}

export interface FormProblem {
  /** Names and indices that lead to the field. */
  path: string[]
  message: string
}

/** What only the form can get wrong, because the call cannot say it or would say it without naming the field. */
function ownProblems({ policy, env }: DeployForm): FormProblem[] {
  const problems: FormProblem[] = []
  const weights = policyProblem(policy)
  if (weights !== null) problems.push({ path: ['policy', 'weights'], message: weights })
  for (const [index, row] of env.entries()) {
    const name = row.name.trim()
    const path = ['env', String(index), 'name']
    const wrong = isFilled.variable(row) ? envName.safeParse(name).error : undefined
    if (wrong) problems.push({ path, message: wrong.issues[0]?.message ?? '' })
    else if (name !== '' && env.findIndex((one) => one.name.trim() === name) < index)
      problems.push({ path, message: 'This variable is listed twice' })
  }
  return problems
}

export type ReadForm<Call> = { call: Call; problems: null } | { call: null; problems: FormProblem[] }

function checked<Call>(schema: z.ZodMiniType, form: DeployForm, call: Call, own: FormProblem[]): ReadForm<Call> {
  const issues = schema.safeParse(call).error?.issues ?? []
  const ofContract = issues.flatMap(({ code, path, message }) => {
    const names = path.map(String)
    // Said already, at the field.
    if (code === 'invalid_key' || (names[0] === 'policy' && own.some((one) => one.path[0] === 'policy'))) return []
    return { path: formPath(names.join('.'), form)?.split('.') ?? names, message }
  })
  const problems = [...own, ...ofContract]
  return problems.length === 0 ? { call, problems: null } : { call: null, problems }
}

/** The deploy call that the form describes, or what is wrong with the form. */
export const readDeploy = (form: DeployForm): ReadForm<DeployInput> =>
  checked(deploySchema, form, deployCallOf(form), ownProblems(form))

/** The same for a preview, which needs neither a name nor an image nor the environment. */
export const readPreview = (form: DeployForm): ReadForm<PreviewInput> =>
  checked(previewSchema, form, previewCallOf(form), ownProblems({ ...form, env: [] }))

/** The deploy call that the form describes; null while the form is invalid. */
export const readForm = (form: DeployForm): DeployInput | null => readDeploy(form).call

/** The form as a Standard Schema, for the form library. */
export const deployFormSchema: StandardSchemaV1<DeployForm, DeployInput> = {
  '~standard': {
    version: 1,
    vendor: 'fogdeck',
    validate: (form) => {
      const { call, problems } = readDeploy(form as DeployForm)
      return problems === null ? { value: call } : { issues: problems }
    },
  },
}

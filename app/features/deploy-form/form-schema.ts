/**
 * The deploy form: its fields are text as typed. The call that they describe is checked by the schemas of the contract,
 * as the server checks it, and what is wrong is brought back to the fields.
 */
import { type FieldErrors, get, type Resolver, set } from 'react-hook-form'
import * as z from 'zod/mini'
import type { DeployForm } from '@/app/features/deploy-form/form'
import { deploySchema, envName, previewSchema } from '@/core/contract/deployments'
import { deployCallOf, previewCallOf } from './calls'
import { formPath } from './field-paths'
import { isFilled } from './form-fields'
import type { DeployInput, PreviewInput } from './inputs'
import { policyProblem } from './policy-form'

// The Content-Security-Policy allows no code made from text, with which zod would be faster.
z.config({ jitless: true })

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

/** Checks the form for react-hook-form; of several problems of a field it gets the first. */
export const checkForm: Resolver<DeployForm, unknown, DeployInput> = (form) => {
  const { call, problems } = readDeploy(form)
  if (problems === null) return { values: call, errors: {} }
  const errors: FieldErrors<DeployForm> = {}
  for (const { path, message } of problems) {
    const name = path.join('.')
    if (get(errors, name) === undefined) set(errors, name, { type: 'contract', message })
  }
  return { values: {}, errors }
}

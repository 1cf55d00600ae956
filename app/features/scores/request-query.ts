/** Converts the request that nodes are ranked for between its text in the address and the API's format. Pure. */
import { previewCallOf } from '@/app/features/deploy-form/calls'
import { type DeployForm, emptyForm } from '@/app/features/deploy-form/form'
import type { ReadForm } from '@/app/features/deploy-form/form-schema'
import type { PreviewInput } from '@/app/features/deploy-form/inputs'
import { parseRules, rulesText } from '@/app/features/placement/rules-text'
import type { Constraint } from '@/core/placement/constraint'
import { coresOfMillis } from '@/core/placement/resources'
import type { PlacementRequest } from '@/core/placement/types'

export const requestNames = ['replicas', 'cpu', 'memory', 'storage', 'gpu', 'region', 'per', 'labels'] as const
export type RequestName = (typeof requestNames)[number]
export type RequestTexts = Record<RequestName, string>

export const emptyTexts: RequestTexts = {
  replicas: emptyForm.replicas,
  cpu: emptyForm.cpu,
  memory: emptyForm.memory,
  storage: emptyForm.storage,
  gpu: emptyForm.gpu,
  region: '',
  per: emptyForm.maxPerNode,
  labels: '',
}

interface Asking {
  replicas: number
  resources: PlacementRequest['resources']
  region: string | null
  maxPerNode: number
  constraints: readonly Constraint[]
}

/** The request of a deployment, as form values. */
export const textsOf = (of: Asking): RequestTexts => ({
  replicas: String(of.replicas),
  cpu: String(coresOfMillis(of.resources.cpuMillis)),
  memory: String(of.resources.memoryMb),
  storage: String(of.resources.storageGb),
  gpu: String(of.resources.gpuUnits),
  region: of.region ?? '',
  per: String(of.maxPerNode),
  labels: rulesText(of.constraints),
})

const namesOfForm: Record<string, RequestName> = { maxPerNode: 'per', constraints: 'labels' }

interface ReadRequest {
  /** Null when a field is invalid. */
  request: PreviewInput | null
  problems: Partial<RequestTexts>
}

/** What the deploy form's check says of a preview; a module of its own, because the check is heavy. */
export type CheckPreview = (form: DeployForm) => ReadForm<PreviewInput>

/**
 * The request, or the errors by field.
 * @param check null while it is not loaded: then there is no request.
 */
export function readRequest({ per, labels, ...rest }: RequestTexts, check: CheckPreview | null): ReadRequest {
  const line = parseRules(labels)
  if ('problem' in line) return { request: null, problems: { labels: line.problem } }
  const constraints = line.rules.map(({ values, ...rule }) => ({ ...rule, values: values.join(', ') }))
  const { call, problems: found } = check?.({ ...emptyForm, ...rest, maxPerNode: per, constraints }) ?? noRequest
  const problems: Partial<RequestTexts> = {}
  for (const { path, message } of found ?? []) {
    const name = namesOfForm[path[0] ?? ''] ?? requestNames.find((one) => one === path[0])
    if (name) problems[name] ??= message
  }
  return { request: call, problems }
}

const noRequest = { call: null, problems: [] }

/** The request of the empty form, which needs no check. */
export const emptyRequest: PreviewInput = previewCallOf(emptyForm)

/** The calls that the deploy form describes, unchecked: a number that is none is NaN. */
import { priorities } from '@/core/placement/resources'
import { defaultLostAfterSeconds } from '@/core/settings/settings'
import type { DeployForm } from './form'
import { constraintOf, isBlank, isFilled, numberOf, optionalList } from './form-fields'
import type { DeployInput, PreviewInput } from './inputs'
import { policyInputOf } from './policy-form'
import { placementRulesOf } from './preference-form'

/** The number of a field, unless it is the default, which calls leave out. */
const unlessDefault = <Name extends string>(name: Name, text: string, usual: number): { [Key in Name]?: number } => {
  const value = numberOf(text)
  return value === usual ? {} : ({ [name]: value } as { [Key in Name]?: number })
}

export const previewCallOf = (form: DeployForm): PreviewInput => ({
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

export const deployCallOf = (form: DeployForm): DeployInput => {
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

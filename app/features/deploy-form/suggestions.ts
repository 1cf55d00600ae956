import { affinityText } from '@/core/placement/preferences'
import { coresOfMillis } from '@/core/placement/resources'
import type { Suggestion } from '@/core/placement/types'
import type { DeployForm } from './form'
import { affinityRuleOf } from './preference-form'

/** Applies a suggestion to the form's fields; returns null when the suggestion changes nodes, not the request. */
export function suggestedChange(suggestion: Suggestion, form: DeployForm): Partial<DeployForm> | null {
  const to = suggestion.to === null ? '' : String(suggestion.to)
  switch (suggestion.kind) {
    case 'replicas':
      return { replicas: to }
    case 'cpu':
      return { cpu: suggestion.to === null ? '' : String(coresOfMillis(suggestion.to)) }
    case 'memory':
      return { memory: to }
    case 'storage':
      return { storage: to }
    case 'gpu':
      return { gpu: to }
    case 'max-per-node':
      return { maxPerNode: to }
    case 'host-ports':
      return { ports: form.ports.map((row) => (isPort(row, suggestion.from) ? { ...row, host: to } : row)) }
    case 'labels':
      // The suggestion quotes the rule as displayed: “disk = ssd”.
      return { constraints: form.constraints.filter((row) => !suggestion.message.includes(`“${ruleText(row)}”`)) }
    case 'max-skew':
      return { spread: form.spread.map((row) => (row.maxSkew.trim() === '' ? row : { ...row, maxSkew: to })) }
    case 'affinity':
      return {
        affinity: form.affinity.filter((row) => {
          const rule = affinityRuleOf(row)
          return !(rule.required && suggestion.message.includes(`“${affinityText(rule)}”`))
        }),
      }
    case 'uncordon':
    case 'undrain':
      return null
  }
}

/** Whether the row requests this host port; null means any port. */
const isPort = ({ host }: DeployForm['ports'][number], port: number | null): boolean =>
  port === null || Number(host.trim() || Number.NaN) === port

const ruleText = ({ key, op, values }: DeployForm['constraints'][number]): string => {
  const shown =
    op === 'exists'
      ? ''
      : op === 'in'
        ? values
            .split(',')
            .flatMap((value) => value.trim() || [])
            .join(', ')
        : values.trim()
  return [key.trim(), op, shown].filter((part) => part !== '').join(' ')
}

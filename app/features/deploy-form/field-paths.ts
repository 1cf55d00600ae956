import type { FieldPath } from 'react-hook-form'
import type { DeployForm } from './form'
import { isFilled } from './form-fields'
import { isOfKind } from './preference-form'

const renamed: Record<string, FieldPath<DeployForm>> = {
  name: 'name',
  type: 'type',
  container_image: 'image',
  replicas: 'replicas',
  'resources.cpu': 'cpu',
  'resources.memory': 'memory',
  'resources.gpu': 'gpu',
  'resources.storage': 'storage',
  region: 'region',
  max_per_node: 'maxPerNode',
  wait_for_capacity: 'waitForCapacity',
  lost_after: 'lostAfter',
  constraints: 'constraints',
  policy: 'policy',
  'policy.weights': 'policy',
  priority: 'priority',
  preferences: 'preferences',
  spread: 'spread',
  affinity: 'affinity',
  anti_affinity: 'affinity',
  ports: 'ports',
  env: 'env',
}

/** The indices, in the form, of the rows that were sent: blank rows were left out. */
function rowNumber<Row>(rows: Row[], filled: (row: Row) => boolean, sent: number): number {
  const numbers = rows.flatMap((row, index) => (filled(row) ? [index] : []))
  return numbers[sent] ?? sent
}

function placementRulePath(path: string, form: DeployForm): FieldPath<DeployForm> | null {
  const preference = /^preferences\.(\d+)\.(key|op|values|weight)/.exec(path)
  if (preference) {
    const row = rowNumber(form.preferences, isFilled.constraint, Number(preference[1]))
    // The pattern matches no other names.
    return `preferences.${row}.${preference[2] as 'key' | 'op' | 'values' | 'weight'}`
  }
  const spread = /^spread\.(\d+)\.(across|max_skew|weight)$/.exec(path)
  if (spread) {
    const name = spread[2] === 'max_skew' ? 'maxSkew' : spread[2] === 'weight' ? 'weight' : 'across'
    return `spread.${Number(spread[1])}.${name}`
  }
  const affinity = /^(affinity|anti_affinity)\.(\d+)\.(deployment|on|weight)$/.exec(path)
  if (affinity) {
    const kind = affinity[1] === 'affinity' ? 'affinity' : 'anti-affinity'
    const row = rowNumber(form.affinity, (one) => isOfKind(one, kind), Number(affinity[2]))
    return `affinity.${row}.${affinity[3] as 'deployment' | 'on' | 'weight'}`
  }
  return null
}

/** The form field for the path of a server error; null when the form has no such field. */
export function formPath(path: string, form: DeployForm): FieldPath<DeployForm> | null {
  const own = renamed[path]
  if (own) return own
  const constraint = /^constraints\.(\d+)\.(key|op|values)/.exec(path)
  if (constraint) {
    const row = rowNumber(form.constraints, isFilled.constraint, Number(constraint[1]))
    return `constraints.${row}.${constraint[2] === 'key' ? 'key' : constraint[2] === 'op' ? 'op' : 'values'}`
  }
  const preference = placementRulePath(path, form)
  if (preference) return preference
  const port = /^ports\.(\d+)\.(container|host)$/.exec(path)
  if (port) {
    const row = rowNumber(form.ports, isFilled.port, Number(port[1]))
    return `ports.${row}.${port[2] === 'host' ? 'host' : 'container'}`
  }
  const variable = /^env\.(.+)$/.exec(path)
  if (variable) {
    const row = form.env.findIndex(({ name }) => name.trim() === variable[1])
    return row < 0 ? 'env' : `env.${row}.value`
  }
  return null
}

import type { FieldPath } from 'react-hook-form'
import type { DeployForm } from './form-schema'

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
  ports: 'ports',
  env: 'env',
}

/** The rows that were sent, in the form's own numbering: rows that nobody filled in were left out. */
function rowNumber<Row>(rows: Row[], filled: (row: Row) => boolean, sent: number): number {
  const numbers = rows.flatMap((row, index) => (filled(row) ? [index] : []))
  return numbers[sent] ?? sent
}

/** Where in the form the field is that the server found wrong; null when the form has no such field. */
export function formPath(path: string, form: DeployForm): FieldPath<DeployForm> | null {
  const own = renamed[path]
  if (own) return own
  const constraint = /^constraints\.(\d+)\.(key|op|values)/.exec(path)
  if (constraint) {
    const row = rowNumber(form.constraints, ({ key }) => key.trim() !== '', Number(constraint[1]))
    return `constraints.${row}.${constraint[2] === 'key' ? 'key' : constraint[2] === 'op' ? 'op' : 'values'}`
  }
  const port = /^ports\.(\d+)\.(container|host)$/.exec(path)
  if (port) {
    const row = rowNumber(form.ports, ({ container }) => container.trim() !== '', Number(port[1]))
    return `ports.${row}.${port[2] === 'host' ? 'host' : 'container'}`
  }
  const variable = /^env\.(.+)$/.exec(path)
  if (variable) {
    const row = form.env.findIndex(({ name }) => name.trim() === variable[1])
    return row < 0 ? 'env' : `env.${row}.value`
  }
  return null
}

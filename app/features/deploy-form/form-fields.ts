/** Converts the text of form fields to numbers and lists. Whether they are valid is for the contract to say. */
import type { Constraint } from '@/core/placement/constraint'

/** "2", " 0.5 ", "0,5" → a number; anything else, and the empty text, → NaN, which the contract refuses. */
export const numberOf = (given: string): number => {
  const plain = given.trim().replace(',', '.')
  return plain === '' ? Number.NaN : Number(plain)
}

export const isBlank = (given: string): boolean => given.trim() === ''

export const constraintOps = ['=', '!=', 'in', 'exists'] as const satisfies readonly Constraint['op'][]

export interface ConstraintRow {
  key: string
  op: Constraint['op']
  values: string
}

const valuesOf = ({ op, values }: ConstraintRow): string[] => {
  if (op === 'exists') return []
  if (op !== 'in') return [values.trim()]
  return values.split(',').flatMap((value) => value.trim() || [])
}

export const constraintOf = (row: ConstraintRow): Constraint => ({
  key: row.key.trim(),
  op: row.op,
  values: valuesOf(row),
})

/** Whether a row of a list is sent; blank rows are left out. */
export const isFilled = {
  constraint: ({ key, values }: ConstraintRow): boolean => !isBlank(key) || !isBlank(values),
  affinity: ({ deployment }: { deployment: string }): boolean => !isBlank(deployment),
  port: ({ container, host }: { container: string; host: string }): boolean => !isBlank(container) || !isBlank(host),
  variable: ({ name, value }: { name: string; value: string }): boolean => !isBlank(name) || value !== '',
}

export const optionalList = <Name extends string, Item>(name: Name, items: Item[]): { [Key in Name]?: Item[] } =>
  // TypeScript loses the literal type of a computed key.
  items.length > 0 ? ({ [name]: items } as { [Key in Name]?: Item[] }) : {}

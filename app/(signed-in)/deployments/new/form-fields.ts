/** Text fields of the form as the numbers and lists that they mean, with the server's own sentences. */
import * as z from 'zod/mini'
import type { Constraint } from '@/server/domain/placement'

export const text = z.string()

export const between = (what: string, { min, max }: { min: number; max: number }, unit: string): string =>
  `${what} must be between ${min} and ${max}${unit}`

/** "2", " 0.5 ", "0,5" → a number; anything else, and nothing, → NaN, which no number schema takes. */
export const numberOf = (given: string): number => {
  const plain = given.trim().replace(',', '.')
  return plain === '' ? Number.NaN : Number(plain)
}

export const numberText = z.pipe(text, z.transform(numberOf))

export const wholeNumber = (what: string, bounds: { min: number; max: number }, unit = '') =>
  z.pipe(
    numberText,
    z
      .number({ error: `${what} must be a number` })
      .check(
        z.int(`${what} must be a whole number`),
        z.minimum(bounds.min, between(what, bounds, unit)),
        z.maximum(bounds.max, between(what, bounds, unit)),
      ),
  )

export const constraintOps = ['=', '!=', 'in', 'exists'] as const satisfies readonly Constraint['op'][]

export const constraintShape = { key: text, op: z.enum(constraintOps), values: text }
type ConstraintRow = z.output<z.ZodMiniObject<typeof constraintShape>>

const valuesOf = ({ op, values }: ConstraintRow): string[] => {
  if (op === 'exists') return []
  if (op !== 'in') return [values.trim()]
  return values.split(',').flatMap((value) => value.trim() || [])
}

/** A row that nobody has filled in is no mistake; it is left out. */
export function checkConstraint(row: ConstraintRow, context: z.core.$RefinementCtx): void {
  if (row.key.trim() === '' && row.values.trim() === '') return
  if (!/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/.test(row.key.trim()))
    context.addIssue({ code: 'custom', path: ['key'], message: 'A label key is 1 to 63 letters, digits, . _ - /' })
  if (valuesOf(row).some((value) => value.length > 63))
    context.addIssue({ code: 'custom', path: ['values'], message: 'A label value has at most 63 characters' })
  else if (row.op === 'in' && valuesOf(row).length === 0)
    context.addIssue({ code: 'custom', path: ['values'], message: 'in needs at least one value' })
}

export const constraintOf = (row: ConstraintRow): Constraint => ({
  key: row.key.trim(),
  op: row.op,
  values: valuesOf(row),
})

export const optionalList = <Name extends string, Item>(name: Name, items: Item[]): { [Key in Name]?: Item[] } =>
  // A computed name makes TypeScript forget which one it was.
  items.length > 0 ? ({ [name]: items } as { [Key in Name]?: Item[] }) : {}

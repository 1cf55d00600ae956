import { z } from 'zod'

/*
 * Fields that several inputs share. Numbers and booleans end in a no-op transform: the REST adapter would otherwise turn
 * the text "3" into a number, and any text into `true`.
 */
export const asGiven = <T>(value: T): T => value

export const range = (what: string, { min, max }: { min: number; max: number }, unit = '') =>
  `${what} must be between ${min} and ${max}${unit}`

export const whole = (what: string, bounds: { min: number; max: number }, unit = '') =>
  z
    .number({ error: `${what} must be a number` })
    .int(`${what} must be a whole number`)
    .min(bounds.min, range(what, bounds, unit))
    .max(bounds.max, range(what, bounds, unit))
    .transform(asGiven)

export const flag = (what: string) => z.boolean({ error: `${what} must be true or false` }).transform(asGiven)

const labelKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, 'A label key is 1 to 63 letters, digits, . _ - /')
const labelValue = z.string().max(63, 'A label value has at most 63 characters')

export const constraintSchema = z
  .object({ key: labelKey, op: z.enum(['=', '!=', 'in', 'exists']), values: z.array(labelValue).max(50).default([]) })
  .superRefine(({ op, values }, context) => {
    const wrong =
      op === 'exists'
        ? values.length > 0 && 'exists takes no value'
        : op === 'in'
          ? values.length === 0 && 'in needs at least one value'
          : values.length !== 1 && `${op} needs exactly one value`
    if (wrong) context.addIssue({ code: 'custom', path: ['values'], message: wrong })
  })

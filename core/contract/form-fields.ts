/**
 * Building blocks of the inputs that pages check before they send them. They are made with zod/mini, which is a fraction
 * of zod's weight; for all other inputs there is core/contract/fields.ts.
 */
import * as z from 'zod/mini'
import { labelLimits } from './ranges'
import { entryLimit, textRules } from './rules'
import type { TextLimits } from './text'

/** Text of a person, refused when it can't be stored. `error` is the message for values that are not text. */
export const text = ({
  max,
  shape = 'line',
  tooLong = `At most ${max} characters`,
  error = 'This must be text',
}: TextLimits & { tooLong?: string; error?: string }) =>
  z.string({ error }).check(textRules[shape], z.maxLength(max, tooLong))

export const range = (what: string, { min, max }: { min: number; max: number }, unit = '') =>
  `${what} must be between ${min} and ${max}${unit}`

/**
 * Ends numbers and booleans of REST calls in a step that changes nothing: without it the REST adapter would turn the
 * text "3" into a number, and any text into `true`.
 */
export const asGiven = <Schema extends z.ZodMiniType>(schema: Schema) =>
  z.pipe(
    schema,
    z.transform((value: z.output<Schema>) => value),
  )

export const whole = (what: string, bounds: { min: number; max: number }, unit = '') =>
  asGiven(
    z
      .number({ error: `${what} must be a number` })
      .check(
        z.int(`${what} must be a whole number`),
        z.minimum(bounds.min, range(what, bounds, unit)),
        z.maximum(bounds.max, range(what, bounds, unit)),
      ),
  )

export const flag = (what: string) => asGiven(z.boolean({ error: `${what} must be true or false` }))

/** A record with at most `max` entries. */
export const recordOf = <Key extends z.core.$ZodType<string, string>, Value extends z.core.$ZodType>(
  { key, value }: { key: Key; value: Value },
  max: number,
  tooMany?: string,
) => z.record(key, value).check(entryLimit(max, tooMany))

const labelKey = text({ max: labelLimits.key, error: 'A label key must be text' }).check(
  z.regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/, 'A label key is 1 to 63 letters, digits, . _ - /'),
)
const labelValue = text({ max: labelLimits.value, tooLong: 'A label value has at most 63 characters' })

const constraintFields = {
  key: labelKey,
  op: z.enum(['=', '!=', 'in', 'exists']),
  values: z._default(z.array(labelValue).check(z.maxLength(50)), []),
}

interface Rule {
  op: '=' | '!=' | 'in' | 'exists'
  values: string[]
}

const valuesProblem = ({ op, values }: Rule): string | null => {
  if (op === 'exists') return values.length > 0 ? 'exists takes no value' : null
  if (op === 'in') return values.length === 0 ? 'in needs at least one value' : null
  return values.length === 1 ? null : `${op} needs exactly one value`
}

const valuesRule = z.superRefine<Rule>((rule, context) => {
  const message = valuesProblem(rule)
  if (message !== null) context.addIssue({ code: 'custom', path: ['values'], message })
})

/** A rule about the labels of a node. */
export const constraintSchema = z.object(constraintFields).check(valuesRule)

/** The same with more fields. */
export const constraintWith = <Fields extends Record<string, z.ZodMiniType>>(fields: Fields) =>
  z.object({ ...constraintFields, ...fields }).check(valuesRule as never)

import { z } from 'zod'
import {
  clamped,
  counts,
  labelLimits,
  type Range,
  storableTime,
  timeProblem,
  wholeWithin,
} from '@/core/contract/ranges'
import { repairedText, type TextLimits, type TextShape, textProblem } from '@/core/contract/text'

/**
 * Building blocks of inputs. Every text, number, time, list and record of an input must be one of these, a choice or a
 * UUID; server/api/inputs/inputs.test.ts walks all inputs and reports the rest.
 */
const rules = new WeakSet<object>()
const asRule = <Rule extends object>(rule: Rule): Rule => {
  rules.add(rule)
  return rule
}

/** Whether a check or schema is one of the rules of core/contract for text, numbers and times. */
export const isRule = (candidate: object): boolean => rules.has(candidate)

const refusing = <Value>(problemOf: (value: Value) => string | null) =>
  asRule(
    z.check<Value>((payload) => {
      // Errors about the type are reported first.
      if (payload.issues.length > 0) return
      const message = problemOf(payload.value)
      if (message !== null) payload.issues.push({ code: 'custom', message, input: payload.value })
    }),
  )

const textRules: Record<TextShape, ReturnType<typeof refusing<string>>> = {
  line: refusing((text) => textProblem(text, 'line')),
  lines: refusing((text) => textProblem(text, 'lines')),
  terminal: refusing((text) => textProblem(text, 'terminal')),
  raw: refusing((text) => textProblem(text, 'raw')),
}

const timeRule = refusing(timeProblem)

/** Text of a person, refused when it can't be stored. `error` is the message for values that are not text. */
export const personText = ({
  max,
  shape = 'line',
  tooLong = `At most ${max} characters`,
  error = 'This must be text',
}: TextLimits & { tooLong?: string; error?: string }) => z.string({ error }).check(textRules[shape]).max(max, tooLong)

/** Text of a person, with surrounding white space removed. */
export const trimmedText = ({
  max,
  tooLong = `At most ${max} characters`,
  error = 'This must be text',
}: Omit<TextLimits, 'shape'> & { tooLong?: string; error?: string }) =>
  z.string({ error }).trim().check(textRules.line).max(max, tooLong)

/** Text of an agent or its engine, cleaned and cut to the limit instead of refused. */
export const agentText = (limits: TextLimits) =>
  z.string().check(asRule(z.overwrite<string>((text) => repairedText(text, limits))))

/** An id from a person. A malformed id counts as unknown, not as invalid. */
export const idText = () => personText({ max: 200, error: 'The id must be text' })

/** A time from a person, parsed to a Date. */
export const personTime = (error = 'Give a time such as 2026-01-31T12:00:00Z') =>
  z.iso
    .datetime({ offset: true, error })
    .check(timeRule)
    .transform((text) => new Date(text))

/** A time from a person, or a day, which means its midnight UTC; kept as text. */
export const personTimeOrDay = (error = 'Give a time such as 2026-01-31T12:00:00Z') =>
  z.iso.datetime({ offset: true, local: true, error }).check(timeRule).or(z.iso.date(error).check(timeRule))

/** The limit and offset of a paged list. */
export const pageLimit = ({ max, default: usual }: { max: number; default: number }) =>
  z.number().int().min(1).max(max).default(usual)
export const pageOffset = () => z.number().int().min(0).max(counts.max).default(0)
/** The limit and offset in the query of a REST call, where numbers are text. */
export const queryLimit = ({ max, default: usual }: { max: number; default: number }) =>
  z.coerce.number().int().min(1).max(max).default(usual)
export const queryOffset = () => z.coerce.number().int().min(0).max(counts.max).default(0)

/** A time from an agent, in UTC; null when it can't be stored. */
export const agentTime = () => asRule(z.string().nullable().transform(storableTime))

/** An integer from an agent; null when out of range. */
export const agentWhole = (range: Range) =>
  asRule(
    z
      .number()
      .nullable()
      .transform((value) => wholeWithin(value, range)),
  )

/** A measurement from an agent, clamped to its range. */
export const agentNumber = (range: Range) =>
  z.number().check(asRule(z.overwrite<number>((value) => clamped(value, range))))

/** A count from an agent, clamped to its range. */
export const agentCount = (range: Range) =>
  z.number().check(asRule(z.overwrite<number>((value) => clamped(Math.trunc(value), range))))

/** A list from an agent, cut to its limit. */
export const agentList = <Item extends z.ZodType>(item: Item, max: number) =>
  z.array(item).check(asRule(z.overwrite<z.output<Item>[]>((items) => items.slice(0, max))))

/** A record with at most `max` entries. */
export const recordOf = <Key extends z.ZodType<string, string>, Value extends z.ZodType>(
  { key, value }: { key: Key; value: Value },
  max: number,
  tooMany = `At most ${max} entries`,
) =>
  z
    .record(key, value)
    .check(refusing((record: Record<string, unknown>) => (Object.keys(record).length > max ? tooMany : null)))

/**
 * Fields that several inputs share. Numbers and booleans end in a no-op transform: without it the REST adapter would
 * turn the text "3" into a number, and any text into `true`.
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

const labelKey = personText({ max: labelLimits.key, error: 'A label key must be text' }).regex(
  /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/,
  'A label key is 1 to 63 letters, digits, . _ - /',
)
const labelValue = personText({ max: labelLimits.value, tooLong: 'A label value has at most 63 characters' })

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

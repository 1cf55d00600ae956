import { z } from 'zod'
import { clamped, counts, type Range, storableTime, wholeWithin } from './ranges'
import { asRule, textRules, timeRule } from './rules'
import { repairedText, type TextLimits } from './text'

/**
 * Building blocks of inputs. Every text, number, time, list and record of an input must be one of these or of
 * core/contract/form-fields.ts, a choice or a UUID; server/api/inputs.test.ts walks all inputs and reports the rest.
 */

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

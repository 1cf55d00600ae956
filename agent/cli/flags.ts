/** Parses the command lines of `npm run agent` and `npm run fleet`. Each mistake is explained in one line. */
import { type ParseArgsConfig, parseArgs } from 'node:util'

export class FlagError extends Error {
  override readonly name = 'FlagError'
}

type Flags = Record<string, string | boolean | string[] | undefined>

/** All flags take text, except `help`; those in `many` may be repeated. */
export const parseFlags = (args: string[], names: readonly string[], many: readonly string[] = []): Flags => {
  const options: NonNullable<ParseArgsConfig['options']> = { help: { type: 'boolean', short: 'h' } }
  for (const name of names) options[name] = { type: 'string' }
  for (const name of many) options[name] = { type: 'string', multiple: true }
  try {
    return parseArgs({ args, options, allowPositionals: false }).values as Flags
  } catch (error) {
    const [text = ''] = String(error instanceof Error ? error.message : error).split('. ')
    throw new FlagError(`${text}; see --help`)
  }
}

export const textFlag = (flags: Flags, name: string): string | undefined => {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

export const listFlag = (flags: Flags, name: string): string[] => {
  const value = flags[name]
  return Array.isArray(value) ? value : []
}

export const numberFlag = (
  flags: Flags,
  name: string,
  rule: { min: number; max: number; whole?: boolean },
): number | undefined => {
  const text = textFlag(flags, name)
  if (text === undefined) return undefined
  const value = Number(text)
  const fits = text.trim() !== '' && value >= rule.min && value <= rule.max && (!rule.whole || Number.isInteger(value))
  if (fits) return value
  const kind = rule.whole ? 'a whole number' : 'a number'
  throw new FlagError(`--${name} must be ${kind} from ${rule.min} to ${rule.max}, not "${text}"`)
}

export const choiceFlag = <Choice extends string>(
  flags: Flags,
  name: string,
  choices: readonly Choice[],
): Choice | undefined => {
  const text = textFlag(flags, name)
  if (text === undefined) return undefined
  const choice = choices.find((each) => each === text)
  if (choice) return choice
  throw new FlagError(`--${name} must be ${choices.join(' or ')}, not "${text}"`)
}

export const nameFlag = (flags: Flags, name: string): string | undefined => {
  const text = textFlag(flags, name)
  if (text === undefined || isName(text)) return text
  throw new FlagError(`--${name} must be 1 to 63 letters, digits, dots, dashes or underscores, not "${text}"`)
}

export const isName = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)

/** Turns a host name into a valid node name. */
export const nameOfHost = (host: string): string => {
  const name = (host.split('.')[0] ?? '').replace(/[^A-Za-z0-9_-]/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return name.slice(0, 63) || 'node'
}

export const serverFlag = (flags: Flags): string | undefined => {
  const text = textFlag(flags, 'server')
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && /^https?:$/.test(url.protocol)) return url.origin + url.pathname.replace(/\/+$/, '')
  throw new FlagError(`--server must be the control plane's address, such as http://localhost:3000, not "${text}"`)
}

export const labelFlags = (flags: Flags): Record<string, string> => {
  const labels: Record<string, string> = {}
  for (const text of listFlag(flags, 'label')) {
    const at = text.indexOf('=')
    const key = text.slice(0, at)
    const value = text.slice(at + 1)
    if (at < 1 || key.length > 63 || value.length > 63) {
      throw new FlagError(`--label must be key=value with at most 63 characters each, not "${text}"`)
    }
    labels[key] = value
  }
  return labels
}

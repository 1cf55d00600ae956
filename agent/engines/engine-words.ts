/**
 * Makes messages of engines and programs safe to report: without the values of the replica's environment, and short.
 */
import { repairedText } from '@/core/contract/text'

/** Shorter values are not masked on their own: that would hide unrelated words such as "true" or "8080". */
const shortestBare = 6
const blank = '***'
/** The control plane accepts 2,000 characters. */
const longestMessage = 1_000

/** Cleans and shortens an engine's message so that it can be stored. */
export const fitMessage = (message: string): string => repairedText(message, { max: longestMessage, shape: 'lines' })

/** Masks the values of the replica's environment in a message, and cuts it to `max` characters. */
export const engineMessage = (message: string, env: Readonly<Record<string, string>>, max = longestMessage): string =>
  repairedText(withoutValues(message, env), { max, shape: 'lines' })

function withoutValues(message: string, env: Readonly<Record<string, string>>): string {
  const quoted: string[] = []
  const bare = new Set<string>()
  for (const [name, value] of Object.entries(env)) {
    for (const form of formsOf(value)) {
      quoted.push(`${name}=${form}`)
      if (form.length >= shortestBare) bare.add(form)
    }
  }
  let result = message
  // Longest first: masking a shorter value first would hide a longer one that contains it.
  for (const text of quoted.sort(longestFirst))
    result = result.replaceAll(text, () => `${text.slice(0, text.indexOf('='))}=${blank}`)
  for (const text of [...bare].sort(longestFirst)) result = result.replaceAll(text, () => blank)
  return result
}

const longestFirst = (a: string, b: string): number => b.length - a.length

/**
 * The forms in which engines and programs may quote a value: as it is, quoted as in Go or JSON, cleaned, and line by
 * line.
 */
function formsOf(value: string): string[] {
  const lines = value.split(/[\r\n]+/)
  const forms = [value, ...(lines.length > 1 ? lines : [])].flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    goQuoted(text),
    repairedText(text, { max: text.length + 1, shape: 'lines' }),
  ])
  return [...new Set(forms)].filter((form) => form.trim() !== '')
}

const goEscapes: Record<string, string> = {
  '\u{7}': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}

/** As Go's %q prints it, without the quotes. */
const goQuoted = (text: string): string =>
  text.replace(/[\p{Cc}\\"]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0
    const digits = code.toString(16)
    return goEscapes[char] ?? (code < 0x80 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`)
  })

/**
 * Rules for text from outside. JSON and JavaScript strings may contain what PostgreSQL's text cannot store: NUL and
 * unpaired surrogates. Other control characters can be stored but garble a page, a log or a terminal. Users are told
 * which character to remove; text from agents and engines is repaired, because nobody would read an error there and the
 * report must not be lost.
 */

/**
 * The control characters that a text may contain. `line`: none. `lines`: tabs and line ends. `terminal`: those with
 * which one line of output moves the cursor and sets colors. `raw`: all but NUL, for values that only programs read.
 */
export type TextShape = 'line' | 'lines' | 'terminal' | 'raw'

export interface TextLimits {
  /** In UTF-16 units, as JavaScript and zod count. */
  max: number
  shape?: TextShape
}

/** With the flag u, \p{Cs} matches an unpaired surrogate. */
const refused: Record<TextShape, RegExp> = {
  line: /[\p{Cc}\p{Cs}]/gu,
  lines: /(?![\t\n\r])[\p{Cc}\p{Cs}]/gu,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
  terminal: /(?![\t\r\b\u{1b}])[\p{Cc}\p{Cs}]/gu,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the same
  raw: /[\u{0}\p{Cs}]/gu,
}

/** Terminal escape sequences (ECMA-48): colors, cursor movement, titles. The text of an unterminated title stays. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same
const escapeSequence = /\u{1b}(?:\[[0-?]*[ -/]*[@-~]?|\][^\u{7}\u{1b}]*(?:\u{7}|\u{1b}\\)|[ -/]*[0-~]?)/gu

const replacementCharacter = '\u{fffd}'
const ellipsis = '…'

const firstRefused = (text: string, shape: TextShape): number => text.search(refused[shape])

/** Whether `text` can be stored and shown as it is. */
export const isCleanText = (text: string, shape: TextShape = 'line'): boolean => firstRefused(text, shape) < 0

/** Returns what a user has to change in `text`, as a sentence; null when it is valid. */
export function textProblem(text: string, shape: TextShape = 'line'): string | null {
  const at = firstRefused(text, shape)
  if (at < 0) return null
  const code = text.codePointAt(at) ?? 0
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  const place = [...text.slice(0, at)].length + 1
  const what = code >= 0xd800 && code <= 0xdfff ? 'half of a surrogate pair' : 'a control character'
  return `Character ${place} is ${what} (${name}): take it out`
}

/** Returns at most the first `max` UTF-16 units of `text`, without splitting a surrogate pair. */
export function beginningOf(text: string, max: number): string {
  if (text.length <= max) return text
  const last = text.charCodeAt(max - 1)
  const endsInPair = last >= 0xd800 && last <= 0xdbff
  return text.slice(0, Math.max(0, endsInPair ? max - 1 : max))
}

/** Like `beginningOf`, with an ellipsis if text was cut off. */
export const shortened = (text: string, max: number): string =>
  text.length <= max ? text : `${beginningOf(text, max - ellipsis.length)}${ellipsis}`

/** Converts text from programs to text that can be stored, at most `max` UTF-16 units long. */
export function repairedText(text: string, { max, shape = 'line' }: TextLimits): string {
  // Escape sequences mean nothing outside a terminal.
  const plain = shape === 'line' || shape === 'lines' ? text.replace(escapeSequence, '') : text
  return shortened(plain.replace(refused[shape], replacementCharacter), max)
}

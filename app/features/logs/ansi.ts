/**
 * Parses terminal output for pages: SGR sequences (ECMA-48 8.3.117 and the usual extensions for 256 and true colors)
 * become styles; all other escape sequences are removed.
 */
export type AnsiColour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'grey'

interface AnsiStyle {
  colour: AnsiColour | null
  bold: boolean
  dim: boolean
  italic: boolean
  underline: boolean
  strike: boolean
  /** The text had a background color, or inverse video was on. */
  marked: boolean
}

export interface AnsiPiece extends AnsiStyle {
  text: string
}

const plainStyle: AnsiStyle = {
  colour: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  marked: false,
}

const ESC = '\u001b'
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
const sequence = /\u001b(?:\[([0-?]*)[ -/]*([@-~]?)|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~]?)/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: the same
const controls = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f]/g
const tabWidth = 8

/** The line as a terminal finally shows it: text overwritten after a carriage return is removed, tabs become spaces. */
const settled = (text: string): string => {
  const line = text.slice(text.lastIndexOf('\r', text.length - 2) + 1)
  return line.includes('\t') ? withoutTabs(line) : line
}

const withoutTabs = (text: string): string => {
  let column = 0
  // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
  return text.replace(/\t|\u001b\[[0-?]*[ -/]*[@-~]|[^\t\u001b]+/g, (part) => {
    if (part.startsWith(ESC)) return part
    const shown = part === '\t' ? ' '.repeat(tabWidth - (column % tabWidth)) : part
    column += shown.length
    return shown
  })
}

/** The text without styles, for search and download. */
export const plainText = (text: string): string => settled(text).replace(sequence, '').replace(controls, '')

/** The styled pieces; their texts join to the plain text. */
export function ansiPieces(text: string): AnsiPiece[] {
  const line = settled(text)
  const pieces: AnsiPiece[] = []
  let statusStyle = plainStyle
  let from = 0
  const add = (part: string): void => {
    const shown = part.replace(controls, '')
    if (shown) pieces.push({ ...statusStyle, text: shown })
  }
  if (line.includes(ESC))
    for (const match of line.matchAll(sequence)) {
      add(line.slice(from, match.index))
      from = match.index + match[0].length
      if (match[2] === 'm') statusStyle = applied(statusStyle, match[1] ?? '')
    }
  add(line.slice(from))
  return pieces
}

const basic: (AnsiColour | null)[] = ['grey', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', null]

const switches: Record<number, Partial<AnsiStyle>> = {
  0: plainStyle,
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { marked: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: false, dim: false },
  23: { italic: false },
  24: { underline: false },
  27: { marked: false },
  29: { strike: false },
  39: { colour: null },
  49: { marked: false },
}

function applied(statusStyle: AnsiStyle, parameters: string): AnsiStyle {
  let next = statusStyle
  const codes = parameters.split(/[;:]/).map(Number)
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i] ?? 0
    const change = switches[code]
    if (change) next = { ...next, ...change }
    else if (code >= 30 && code <= 37) next = { ...next, colour: basic[code - 30] ?? null }
    else if (code >= 90 && code <= 97) next = { ...next, colour: basic[code - 90] ?? null }
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) next = { ...next, marked: true }
    else if (code === 38 || code === 48) {
      const { colour, used } = extended(codes.slice(i + 1))
      i += used
      next = code === 38 ? { ...next, colour } : { ...next, marked: true }
    }
  }
  return next
}

/** 5;n for 256 colors, or 2;r;g;b. */
function extended(codes: number[]): { colour: AnsiColour | null; used: number } {
  const [kind, a = 0, b = 0, c = 0] = codes
  if (kind === 2) return { colour: nearest(a, b, c), used: 4 }
  if (kind !== 5) return { colour: null, used: 0 }
  if (a < 16) return { colour: basic[a % 8] ?? null, used: 2 }
  if (a >= 232) return { colour: a < 248 ? 'grey' : null, used: 2 }
  const part = (unit: number): number => (Math.floor((a - 16) / unit) % 6) * 51
  return { colour: nearest(part(36), part(6), part(1)), used: 2 }
}

const hues: AnsiColour[] = ['red', 'yellow', 'green', 'cyan', 'blue', 'magenta']

/** The palette color with the nearest hue; palette colors are readable on every background. */
function nearest(red: number, green: number, blue: number): AnsiColour | null {
  const most = Math.max(red, green, blue)
  const spread = most - Math.min(red, green, blue)
  if (spread < 40) return most < 170 ? 'grey' : null
  const sixth =
    most === red ? (green - blue) / spread : most === green ? 2 + (blue - red) / spread : 4 + (red - green) / spread
  return hues[(Math.round(sixth) + 6) % 6] ?? null
}

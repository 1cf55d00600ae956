/** The picture of docs/architecture.md: boxes in layers, with arrows down to what is imported. */
import type { Architecture, Arrow, Box } from './graph'

interface Palette {
  background: string
  box: string
  line: string
  text: string
  quiet: string
  arrow: string
}

export const palettes = {
  light: {
    background: '#ffffff',
    box: '#f6f7f9',
    line: '#c9ced6',
    text: '#15181d',
    quiet: '#5b6472',
    arrow: '#7b8594',
  },
  dark: { background: '#0f1115', box: '#1a1e25', line: '#3a414d', text: '#e8ebf0', quiet: '#9aa4b2', arrow: '#7b8594' },
} as const satisfies Record<string, Palette>

/** All lengths are pixels. */
const width = 1200
const margin = 24
const gapY = 52
const padding = 14
const lineHeight = 18
const letterWidth = 7

interface Placed {
  box: Box
  x: number
  y: number
  width: number
  height: number
  lines: string[]
}

/**
 * The picture as SVG text. The same source and palette give the same text. @throws when an arrow would not point down:
 * the boxes of scripts/architecture/graph.ts need another arrangement then.
 */
export function drawingOf(architecture: Architecture, palette: Palette): string {
  const arrows = withoutImplied(architecture.arrows)
  const placed: Placed[] = []
  let y = margin
  for (let row = 0; placed.length < architecture.boxes.length; row += 1) {
    const inRow = architecture.boxes.filter(({ at }) => at.row === row).map((box) => place(box, y))
    const height = Math.max(0, ...inRow.map((one) => one.height))
    placed.push(...inRow.map((one) => ({ ...one, height })))
    y += height + gapY
  }
  const height = y - gapY + margin
  const at = new Map(placed.map((one) => [one.box.name, one]))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="13">`,
    `<title>The parts of Fogdeck and who imports whom</title>`,
    `<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="${palette.arrow}"/></marker></defs>`,
    `<rect width="${width}" height="${height}" fill="${palette.background}"/>`,
    ...placed.map((one) => boxSvg(one, palette)),
    ...arrows.map((arrow) => arrowSvg(arrow, arrows, at, palette)),
    '</svg>',
    '',
  ].join('\n')
}

/** Drops arrows that a path over other parts implies. A part of which only types are imported implies nothing. */
function withoutImplied(arrows: readonly Arrow[]): Arrow[] {
  const reaches = (from: string, to: string): boolean =>
    arrows.some((one) => one.from === from && (one.to === to || reaches(one.to, to)))
  return arrows.filter(
    ({ from, to }) =>
      !arrows.some((first) => first.from === from && first.to !== to && !first.typesOnly && reaches(first.to, to)),
  )
}

function place(box: Box, y: number): Placed {
  const column = (width - 2 * margin) / 24
  const x = margin + box.at.from * column
  const boxWidth = (box.at.to - box.at.from) * column
  const rooms = box.rooms.map(({ name, files }) => `${name} ${files}`)
  const letters = Math.floor((boxWidth - 2 * padding) / letterWidth)
  const lines = [...wrapped(box.what.split(' '), letters, ' '), ...wrapped(rooms, letters, ' · ')]
  return { box, x, y, width: boxWidth, height: 2 * padding + lineHeight * (1 + lines.length), lines }
}

function wrapped(phrases: readonly string[], letters: number, between: string): string[] {
  const lines: string[] = []
  for (const word of phrases) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + between.length + word.length <= letters)
      lines[lines.length - 1] = `${last}${between}${word}`
    else lines.push(word)
  }
  return lines
}

function boxSvg({ box, x, y, width: boxWidth, height, lines }: Placed, palette: Palette): string {
  const line = (text: string, at: number, style: string): string =>
    `<text x="${round(x + padding)}" y="${round(y + padding + 13 + at * lineHeight)}" ${style}>${escaped(text)}</text>`
  return [
    `<g><rect x="${round(x)}" y="${round(y)}" width="${round(boxWidth)}" height="${height}" rx="8" fill="${palette.box}" stroke="${palette.line}"/>`,
    line(`${box.name} (${box.files} files)`, 0, `font-weight="600" fill="${palette.text}"`),
    ...lines.map((text, at) => line(text, at + 1, `fill="${palette.quiet}" font-size="12"`)),
    '</g>',
  ].join('\n')
}

/** From the lower edge of one box, beside its other arrows, to the upper edge of another. */
function arrowSvg(arrow: Arrow, arrows: readonly Arrow[], at: ReadonlyMap<string, Placed>, palette: Palette): string {
  const from = at.get(arrow.from)
  const to = at.get(arrow.to)
  if (!from || !to) throw new Error(`An arrow from ${arrow.from} to ${arrow.to} has no boxes`)
  if (to.box.at.row <= from.box.at.row)
    throw new Error(`${arrow.from} imports ${arrow.to}, which does not stand below it`)
  const centre = (one: Placed | undefined): number => (one ? one.x + one.width / 2 : 0)
  const leaving = arrows
    .filter((one) => one.from === arrow.from)
    .sort((a, b) => centre(at.get(a.to)) - centre(at.get(b.to)))
  const x1 = from.x + (from.width * (leaving.indexOf(arrow) + 1)) / (leaving.length + 1)
  // Straight down if the other box is below, or else to its nearer end.
  const x2 = Math.min(Math.max(x1, to.x + 24), to.x + to.width - 24)
  const y1 = from.y + from.height
  const bend = Math.min(80, (to.y - y1) / 2)
  const path = `M${round(x1)} ${round(y1)}C${round(x1)} ${round(y1 + bend)} ${round(x2)} ${round(to.y - bend)} ${round(x2)} ${round(to.y)}`
  const dashes = arrow.typesOnly ? ' stroke-dasharray="5 4"' : ''
  return `<path d="${path}" fill="none" stroke="${palette.arrow}" stroke-width="1.5"${dashes} marker-end="url(#head)"><title>${escaped(`${arrow.from} → ${arrow.to}`)}</title></path>`
}

const round = (number: number): number => Math.round(number * 10) / 10

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

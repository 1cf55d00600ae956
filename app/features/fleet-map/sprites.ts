import type { NodeState } from '@/core/nodes/list'
import type { MapNode } from '@/core/nodes/map'

export const measures = ['state', 'cpu', 'memory'] as const
export type Measure = (typeof measures)[number]

/** The look of a cell: a state, or the height of a column in it; null is hatched. */
export type Cell = NodeState | number | null

/** Heights are rounded to tenths, the finest step that a cell can show. */
const tenths = (percent: number | null): number | null => (percent === null ? null : Math.ceil(percent / 10))

export function cellOf(node: MapNode, measure: Measure): Cell {
  if (measure === 'state') return node.state
  return tenths(measure === 'cpu' ? node.cpuPercent : node.memoryPercent)
}

/** The colors of the current theme, by their names in app/globals.css. */
type Palette = (name: string) => string

export const paletteOf = (element: Element): Palette => {
  const style = getComputedStyle(element)
  return (name) => style.getPropertyValue(`--${name}`).trim()
}

type Paint = (context: CanvasRenderingContext2D, size: number, colour: Palette) => void

const filled =
  (name: string): Paint =>
  (context, size, colour) => {
    context.fillStyle = colour(name)
    context.fillRect(0, 0, size, size)
  }

const framed =
  (name: string, inner: (context: CanvasRenderingContext2D, size: number) => void): Paint =>
  (context, size, colour) => {
    const line = Math.max(1, size / 8)
    context.strokeStyle = colour(name)
    context.fillStyle = colour(name)
    context.lineWidth = line
    context.strokeRect(line / 2, line / 2, size - line, size - line)
    inner(context, size)
  }

function stripes(context: CanvasRenderingContext2D, size: number): void {
  context.beginPath()
  for (let at = -size; at < size; at += Math.max(3, size / 3.5)) {
    context.moveTo(at, size)
    context.lineTo(at + size, 0)
  }
  context.stroke()
}

/** Every state has its own shape, because many people can't tell colors apart. */
const states: Record<NodeState, Paint> = {
  ready: filled('healthy'),
  // A solid square, cut in two: full.
  full: (context, size, colour) => {
    filled('degraded')(context, size, colour)
    context.clearRect(0, size * 0.42, size, Math.max(1, size * 0.16))
  },
  cordoned: framed('slate', (context, size) => context.fillRect(size * 0.32, size * 0.32, size * 0.36, size * 0.36)),
  // Half filled: progressing.
  draining: framed('progressing', (context, size) => {
    context.beginPath()
    context.moveTo(0, size)
    context.lineTo(size, size)
    context.lineTo(size, 0)
    context.fill()
  }),
  offline: framed('unknown', stripes),
  maintenance: framed('slate', (context, size) => {
    context.beginPath()
    context.moveTo(0, 0)
    context.lineTo(size, size)
    context.moveTo(size, 0)
    context.lineTo(0, size)
    context.stroke()
  }),
}

const column =
  (level: number): Paint =>
  (context, size, colour) => {
    context.fillStyle = colour('accent-soft')
    context.fillRect(0, 0, size, size)
    const height = (size * Math.min(10, level)) / 10
    context.fillStyle = colour(level >= 9 ? 'accent' : 'accent-mid')
    context.fillRect(0, size - height, size, height)
  }

const painterOf = (cell: Cell): Paint =>
  cell === null ? states.offline : typeof cell === 'number' ? column(cell) : states[cell]

/** Draws each look once and then copies it, because ten thousand cells need cheap copies. */
export class Sprites {
  readonly #made = new Map<Cell, HTMLCanvasElement>()

  /** `size` of a cell in CSS pixels, `scale` in device pixels per CSS pixel. */
  constructor(
    readonly size: number,
    readonly scale: number,
    readonly colour: Palette,
  ) {}

  of(cell: Cell): HTMLCanvasElement {
    const known = this.#made.get(cell)
    if (known) return known
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = Math.ceil(this.size * this.scale)
    const context = canvas.getContext('2d')
    if (context) {
      context.scale(this.scale, this.scale)
      painterOf(cell)(context, this.size, this.colour)
    }
    this.#made.set(cell, canvas)
    return canvas
  }
}

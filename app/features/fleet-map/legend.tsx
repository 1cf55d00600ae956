'use client'

import { useEffect, useRef } from 'react'
import { stateStyles } from '@/app/ui/status/node-state-styles'
import { type NodeState, nodeStates } from '@/core/nodes/list'
import { type Cell, type Measure, paletteOf, Sprites } from './sprites'
import { deviceScale, useThemeChanges } from './use-canvas'

interface LegendProps {
  measure: Measure
  counts: Record<NodeState, number>
}

/** The legend of the cells, drawn with the same sprites. */
export function Legend({ measure, counts }: LegendProps) {
  const entries: { cell: Cell; message: string; title?: string }[] =
    measure === 'state'
      ? nodeStates
          .filter((state) => counts[state] > 0)
          .map((state) => ({
            cell: state,
            message: `${stateStyles[state].label} ${counts[state]}`,
            title: stateStyles[state].explanation,
          }))
      : [
          { cell: 0, message: '0 %' },
          { cell: 3, message: 'to 30 %' },
          { cell: 6, message: 'to 60 %' },
          { cell: 8, message: 'to 80 %' },
          { cell: 10, message: 'to 100 % in use' },
          { cell: null, message: 'unknown' },
        ]
  return (
    <ul aria-label="Legend" className="flex flex-wrap items-center gap-x-4 gap-y-1 text-meta text-ink-2">
      {entries.map(({ cell, message, title }) => (
        <li key={message} title={title} className="flex items-center gap-1.5 whitespace-nowrap">
          <Swatch cell={cell} /> {message}
        </li>
      ))}
    </ul>
  )
}

const swatchPx = 12

function Swatch({ cell }: { cell: Cell }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const themeChanges = useThemeChanges()
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is drawn in other colours
  useEffect(() => {
    const element = canvas.current
    if (!element) return
    const scale = deviceScale()
    element.width = element.height = Math.ceil(swatchPx * scale)
    element.getContext('2d')?.drawImage(new Sprites(swatchPx, scale, paletteOf(element)).of(cell), 0, 0)
  }, [cell, themeChanges])
  return <canvas ref={canvas} aria-hidden style={{ width: swatchPx, height: swatchPx }} />
}

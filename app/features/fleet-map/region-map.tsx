'use client'

import { useRouter } from 'next/navigation'
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from 'react'
import type { MapNode } from '@/core/nodes/map'
import { cellAt, type Grid, gridFor, placeOf, stepFrom } from './grid'
import { labelFor, NodeCard } from './node-card'
import { cellOf, type Measure, paletteOf, Sprites } from './sprites'
import { deviceScale, useNear, useThemeChanges } from './use-canvas'

interface RegionMapProps {
  region: string
  nodes: MapNode[]
  measure: Measure
  pitch: number
  /** CSS pixels. */
  width: number
}

/** The gap between two cells, in CSS pixels. */
const gap = 2

/**
 * The nodes of one region, a cell each. The pointer and the arrow keys select a cell and show its card; a click or
 * Enter opens the node.
 */
export function RegionMap({ region, nodes, measure, pitch, width }: RegionMapProps) {
  const router = useRouter()
  const optionId = useId()
  const grid = gridFor(nodes.length, pitch, width)
  const [at, setAt] = useState<number | null>(null)
  const chosen = at === null ? undefined : nodes[at]

  const open = (node: MapNode | undefined): void => {
    if (node) router.push(`/nodes/${node.id}`)
  }
  const cellUnder = (event: PointerEvent<HTMLElement>): number | null => {
    const box = event.currentTarget.getBoundingClientRect()
    return cellAt(grid, event.clientX - box.left, event.clientY - box.top)
  }
  const onPointerUp = (event: PointerEvent<HTMLElement>): void => {
    const under = cellUnder(event)
    // Touch has no hover: the first tap shows the card, the second opens the node.
    if (event.button !== 0 || under === null || (event.pointerType === 'touch' && under !== at)) setAt(under)
    else if (event.metaKey || event.ctrlKey) window.open(`/nodes/${nodes[under]?.id}`, '_blank', 'noopener')
    else open(nodes[under])
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') open(chosen)
    if (event.key === 'Escape') setAt(null)
    const next = stepFrom(grid, at ?? -1, event.key)
    if (next === null) return
    event.preventDefault()
    setAt(at === null ? 0 : next)
  }

  return (
    <div className="relative" style={{ height: grid.height }}>
      <div
        role="listbox"
        tabIndex={0}
        aria-label={`Nodes in ${region}`}
        aria-activedescendant={chosen ? optionId : undefined}
        style={{ width: grid.width, height: grid.height }}
        className="relative cursor-pointer touch-manipulation rounded-mark"
        onPointerMove={(event) => event.pointerType !== 'touch' && setAt(cellUnder(event))}
        onPointerLeave={(event) => event.pointerType !== 'touch' && setAt(null)}
        onPointerUp={onPointerUp}
        onKeyDown={onKeyDown}
        onFocus={() => setAt((old) => old ?? 0)}
        onBlur={() => setAt(null)}
      >
        <Cells nodes={nodes} measure={measure} grid={grid} />
        <div
          id={optionId}
          role="option"
          tabIndex={-1}
          aria-selected={chosen !== undefined}
          aria-label={chosen ? labelFor(chosen) : `${nodes.length} nodes`}
          aria-setsize={nodes.length}
          aria-posinset={(at ?? 0) + 1}
          hidden={chosen === undefined}
          style={{ ...placeOf(grid, at ?? 0), width: pitch, height: pitch, marginLeft: -gap / 2, marginTop: -gap / 2 }}
          className="pointer-events-none absolute rounded-[2px] border-2 border-ink"
        />
      </div>
      {chosen && <NodeCard node={chosen} place={placeOf(grid, at ?? 0)} width={width} pitch={pitch} />}
    </div>
  )
}

function Cells({ nodes, measure, grid }: { nodes: MapNode[]; measure: Measure; grid: Grid }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const near = useNear(canvas)
  const themeChanges = useThemeChanges()
  const { columns, pitch, width, height } = grid
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme is drawn in other colours
  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context || !near) return
    const scale = deviceScale()
    element.width = Math.ceil(width * scale)
    element.height = Math.ceil(height * scale)
    const sprites = new Sprites(pitch - gap, scale, paletteOf(element))
    for (const [index, node] of nodes.entries()) {
      const left = (index % columns) * pitch
      const top = Math.floor(index / columns) * pitch
      context.drawImage(sprites.of(cellOf(node, measure)), Math.round(left * scale), Math.round(top * scale))
    }
  }, [nodes, measure, columns, pitch, width, height, near, themeChanges])
  return <canvas ref={canvas} aria-hidden style={{ width, height }} className="block" />
}

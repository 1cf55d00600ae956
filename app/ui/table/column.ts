'use client'
import type { ReactNode } from 'react'

export interface Column<Row> {
  id: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** A CSS width; columns without one share what is left. */
  width?: string
  align?: 'right'
  /** Not shown below this width of the window. */
  from?: 'sm' | 'md' | 'lg' | 'xl' | '2xl'
  /** The name by which the list is sorted, when it can be. */
  sort?: string
  /** The order of a first click: ages and numbers start with the greatest. */
  firstOrder?: SortOrder
  /** Not cut off with an ellipsis: for buttons. */
  whole?: boolean
}

export type SortOrder = 'asc' | 'desc'

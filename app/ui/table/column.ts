'use client'
import type { ReactNode } from 'react'

export interface Column<Row> {
  id: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** A CSS width; columns without one share the remaining width. */
  width?: string
  align?: 'right'
  /** Hidden below this window width. */
  from?: 'sm' | 'md' | 'lg' | 'xl' | '2xl'
  /** The sort key; absent for columns that can't be sorted. */
  sort?: string
  /** The order of the first click: ages and numbers start with the greatest. */
  firstOrder?: SortOrder
  /** Not truncated with an ellipsis: for buttons. */
  whole?: boolean
}

export type SortOrder = 'asc' | 'desc'

'use client'
import type { ReactNode } from 'react'

export interface OpenDialogProps {
  onClose: () => void
  title: ReactNode
  description?: ReactNode
  children: ReactNode
  /** A wide dialog, for tables. */
  wide?: boolean
}

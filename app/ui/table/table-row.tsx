'use client'

import { useRouter } from 'next/navigation'
import { type MouseEvent, memo } from 'react'
import { cn } from '@/app/ui/cn'
import type { Column } from './column'

const from = {
  sm: 'max-sm:hidden',
  md: 'max-md:hidden',
  lg: 'max-lg:hidden',
  xl: 'max-xl:hidden',
  '2xl': 'max-2xl:hidden',
} as const

export const cellClass = (column: Column<never>): string =>
  cn(
    'px-2 first:pl-4 last:pr-4 md:first:pl-6 md:last:pr-6',
    column.align === 'right' && 'text-right',
    column.from && from[column.from],
  )

export const checkCellClass = 'w-9 p-0 md:w-11'

interface CheckBoxProps {
  label: string
  checked: boolean
  /** For the checkbox of a group: some of its rows are selected. */
  mixed?: boolean
  disabled?: boolean
  onChange: (checked: boolean) => void
}

/** The label enlarges the click target to the whole cell: a click beside the checkbox would open the row. */
export function CheckBox({ label, checked, mixed = false, disabled = false, onChange }: CheckBoxProps) {
  return (
    <label className="flex h-(--row) items-center pl-4 md:pl-6">
      <span className="sr-only">{label}</span>
      <input
        type="checkbox"
        data-check
        ref={(input) => {
          if (input) input.indeterminate = mixed
        }}
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.target.checked)}
        className="size-4 shrink-0 accent-accent"
      />
    </label>
  )
}

interface TableRowProps<Row> {
  row: Row
  columns: Column<Row>[]
  /** Its position in the whole table, for screen readers. */
  number: number
  href: string | undefined
  className: string
  /** For selectable rows. */
  checked?: boolean
  checkName?: string
  onCheck?: (row: Row, checked: boolean) => void
}

function TableRowView<Row>(props: TableRowProps<Row>) {
  const { row, columns, number, href, className, checked = false, checkName, onCheck } = props
  const router = useRouter()
  const open = (event: MouseEvent<HTMLTableRowElement>): void => {
    if (href === undefined || event.defaultPrevented) return
    if ((event.target as Element).closest('a, button, input, label, select, summary')) return
    if (window.getSelection()?.type === 'Range') return
    if (event.metaKey || event.ctrlKey || event.button === 1) window.open(href, '_blank', 'noopener')
    else if (event.button === 0) router.push(href)
  }
  return (
    <tr
      data-row
      aria-rowindex={number}
      onClick={open}
      onAuxClick={open}
      className={cn(
        'border-b border-line',
        checked && 'bg-selected',
        href !== undefined && 'cursor-pointer hover:bg-hover focus-within:bg-hover',
        className,
      )}
    >
      {onCheck && (
        <td className={checkCellClass}>
          <CheckBox label={`Select ${checkName}`} checked={checked} onChange={(next) => onCheck(row, next)} />
        </td>
      )}
      {columns.map((column) => (
        <td key={column.id} className={cn(cellClass(column), column.whole ? 'whitespace-nowrap' : 'truncate')}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  )
}

/**
 * Rendered again only when its content changes: of a thousand refreshed rows, few do. The cast restores the type
 * parameter that `memo` loses.
 */
export const TableRow = memo(TableRowView) as typeof TableRowView

'use client'

import { ArrowDown, ArrowUp } from 'lucide-react'
import { type FocusEvent, useDeferredValue, useMemo, useRef } from 'react'
import { Button } from '@/app/ui/button'
import { cn } from '@/app/ui/cn'
import { usePageKeys } from '@/app/ui/keys'
import { useLongOutdated } from '@/app/ui/settled'
import type { Column, SortOrder } from '@/app/ui/table/column'
import { plural } from '@/app/ui/text/format'
import { useStableRows } from './stable-rows'
import { CheckBox, cellClass, checkCellClass, TableRow } from './table-row'
import { useRowWindow } from './window-rows'

/** Selection of rows. */
interface Selection<Row> {
  keys: ReadonlySet<string>
  /** Names a row: “Select node-01”. */
  nameOf: (row: Row) => string
  /** Must be stable between renders, otherwise every row renders again. */
  onCheck: (row: Row, checked: boolean) => void
  /** Selects all shown rows, or none. */
  onCheckAll: (rows: Row[], checked: boolean) => void
}

interface TableProps<Row> {
  /** The accessible name of the table. */
  caption: string
  columns: Column<Row>[]
  rows: Row[]
  rowKey: (row: Row) => string
  /** The target of a click on the row; its first cell should hold a RowLink to the same place. */
  rowHref?: (row: Row) => string
  sort?: { by: string; order: SortOrder }
  onSort?: (by: string, order: SortOrder) => void
  /** Moves through this table with j and k: for the main table of a page. */
  keyboard?: boolean
  /**
   * The query that the rows answer, apart from their order: filters and page. Rows of another query are shown at once.
   */
  question?: string
  /** The rows answer the previous query: shown without color, but readable. */
  outdated?: boolean
  rowClass?: (row: Row) => string | undefined
  tall?: boolean
  selection?: Selection<Row>
  /** For long lists that change: while the user reads them, changes wait behind “3 changes: show”. */
  reading?: boolean
}

/**
 * A dense table with a sticky head. Columns have fixed widths, so that nothing moves under the cursor when rows change.
 */
export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rowKey, rowHref, keyboard = false, outdated = false, selection } = props
  const body = useRef<HTMLTableSectionElement>(null)
  const longOutdated = useLongOutdated(outdated)
  // Rows of the previous query are not held.
  const asked = `${props.sort?.by} ${props.sort?.order} ${props.question ?? ''} ${outdated}`
  // Renders large changes with low priority, so that keys and clicks need not wait.
  const { rows, question } = useDeferredValue(
    useMemo(() => ({ rows: props.rows, question: asked }), [props.rows, asked]),
  )
  const pinned = (selection?.keys.size ?? 0) > 0
  const { shown, waiting, hasGone, show, touch, release } = useStableRows({
    ...{ rows, keyOf: rowKey, question, body, pinned },
    reading: props.reading ?? false,
  })
  const { first, end, rowHeight } = useRowWindow(body, shown.length)
  usePageKeys((event) => moveBetweenRows(event, body.current), keyboard)
  const leave = (event: FocusEvent): void => {
    if (!event.currentTarget.contains(event.relatedTarget)) release()
  }

  return (
    // Moving from the rows to “show” or to the head does not leave the list.
    // biome-ignore lint/a11y/noStaticElementInteractions: only notices that the pointer or the focus leaves
    <div onPointerLeave={release} onBlur={props.reading ? leave : undefined}>
      {waiting > 0 && props.reading && (
        // Has no height of its own, so that it never moves the table.
        <div className="sticky top-[calc(var(--topbar)+40px)] z-20 flex h-0 justify-center">
          <Button onClick={show} className="h-8 bg-raised shadow-overlay" data-waiting={waiting}>
            {plural(waiting, 'change')}: show
          </Button>
        </div>
      )}
      <table
        className={cn('w-full table-fixed border-collapse', longOutdated && 'grayscale')}
        aria-busy={outdated}
        aria-rowcount={shown.length + 1}
      >
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="h-8">
            {selection && (
              // Rows of the previous query can't be selected together.
              <CheckAllCell
                rows={shown}
                rowKey={rowKey}
                selection={selection}
                disabled={outdated || question !== asked}
              />
            )}
            {columns.map((column) => (
              <HeadCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody ref={body} onPointerMove={touch} onKeyDown={touch} onFocus={props.reading ? touch : undefined}>
          {first > 0 && <tr aria-hidden style={{ height: first * rowHeight }} />}
          {shown.slice(first, end).map((row, index) => (
            <TableRow
              key={rowKey(row)}
              row={row}
              columns={columns}
              number={first + index + 2}
              href={rowHref?.(row)}
              className={cn(
                props.tall ? 'h-12' : 'h-(--row)',
                hasGone(row) && 'line-through grayscale',
                props.rowClass?.(row),
              )}
              {...(selection && {
                checked: selection.keys.has(rowKey(row)),
                checkName: selection.nameOf(row),
                onCheck: selection.onCheck,
              })}
            />
          ))}
          {end < shown.length && <tr aria-hidden style={{ height: (shown.length - end) * rowHeight }} />}
        </tbody>
      </table>
    </div>
  )
}

function CheckAllCell<Row>({
  rows,
  rowKey,
  selection,
  disabled,
}: {
  rows: Row[]
  rowKey: (row: Row) => string
  selection: Selection<Row>
  disabled: boolean
}) {
  const checked = rows.filter((row) => selection.keys.has(rowKey(row))).length
  const all = checked > 0 && checked === rows.length
  return (
    <th scope="col" className={cn(headClass, checkCellClass)}>
      <CheckBox
        label={all ? 'Select none' : `Select all ${rows.length} rows`}
        checked={all}
        mixed={checked > 0 && !all}
        disabled={disabled}
        onChange={(next) => selection.onCheckAll(rows, next)}
      />
    </th>
  )
}

const headClass =
  'sticky top-(--topbar) z-10 truncate bg-bg text-left text-meta font-medium text-ink-3 shadow-[inset_0_-1px_var(--line)]'

interface HeadCellProps<Row> {
  column: Column<Row>
  sort: { by: string; order: SortOrder } | undefined
  onSort: ((by: string, order: SortOrder) => void) | undefined
}

function HeadCell<Row>({ column, sort, onSort }: HeadCellProps<Row>) {
  const sortKey = column.sort
  const active = sortKey !== undefined && sort?.by === sortKey
  const nextOrder: SortOrder = active ? (sort?.order === 'asc' ? 'desc' : 'asc') : (column.firstOrder ?? 'asc')
  return (
    <th
      scope="col"
      style={{ width: column.width }}
      aria-sort={active ? (sort?.order === 'asc' ? 'ascending' : 'descending') : undefined}
      className={cn(headClass, cellClass(column))}
    >
      {sortKey !== undefined && onSort ? (
        <button
          type="button"
          onClick={() => onSort(sortKey, nextOrder)}
          className={cn('inline-flex h-8 items-center gap-1 font-medium hover:text-ink', active && 'text-ink')}
        >
          {column.header}
          {active && (sort?.order === 'asc' ? <ArrowUp size={12} aria-hidden /> : <ArrowDown size={12} aria-hidden />)}
        </button>
      ) : (
        column.header
      )}
    </th>
  )
}

/** Moves the focus between rows with j and k; x selects the focused row. Enter is handled by the row's link. */
function moveBetweenRows(event: KeyboardEvent, body: HTMLElement | null): void {
  const step = event.key === 'j' ? 1 : event.key === 'k' ? -1 : 0
  if (!body) return
  if (event.key === 'x') document.activeElement?.closest('tr')?.querySelector<HTMLInputElement>('[data-check]')?.click()
  if (step === 0) return
  const links = [...body.querySelectorAll<HTMLElement>('[data-row-link]')]
  const at = links.indexOf(document.activeElement as HTMLElement)
  const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))]
  if (!next) return
  event.preventDefault()
  next.focus()
}

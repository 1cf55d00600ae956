// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Column } from './column'
import { RowLink } from './row-link'
import { Table } from './table'

const push = vi.fn()
vi.mock('next/navigation', () => ({ useRouter: () => ({ push }) }))

beforeEach(() => push.mockClear())
afterEach(cleanup)

const href = (row: number): string => `/rows/${row}`
const columns: Column<number>[] = [
  { id: 'name', header: 'Name', sort: 'name', cell: (row) => <RowLink href={href(row)}>{`row ${row}`}</RowLink> },
  { id: 'age', header: 'Age', sort: 'age', firstOrder: 'desc', cell: (row) => row },
]

function show(count: number, onSort = vi.fn()) {
  render(
    <Table
      caption="Rows"
      columns={columns}
      rows={Array.from({ length: count }, (_, row) => row)}
      rowKey={String}
      rowHref={href}
      sort={{ by: 'name', order: 'asc' }}
      onSort={onSort}
      keyboard
    />,
  )
  return onSort
}

const press = (key: string, target: Element = document.body) => fireEvent.keyDown(target, { key, bubbles: true })

test('j and k move from row to row and stop at the ends', () => {
  show(3)
  press('j')
  expect(document.activeElement?.textContent).toBe('row 0')
  press('j', document.activeElement ?? undefined)
  press('j', document.activeElement ?? undefined)
  press('j', document.activeElement ?? undefined)
  expect(document.activeElement?.textContent).toBe('row 2')
  press('k', document.activeElement ?? undefined)
  expect(document.activeElement?.textContent).toBe('row 1')
})

test('ignores a j typed into a field', () => {
  render(<input aria-label="Search" />)
  show(3)
  const field = screen.getByLabelText('Search')
  field.focus()
  press('j', field)
  expect(document.activeElement).toBe(field)
})

test('a click anywhere in a row opens it, except on a link inside', () => {
  show(3)
  fireEvent.click(screen.getByText('2'))
  expect(push).toHaveBeenCalledWith('/rows/2')
  push.mockClear()
  fireEvent.click(screen.getByText('row 1'))
  expect(push).not.toHaveBeenCalled()
})

test('reverses the sorted column, and starts another with its own order', () => {
  const onSort = show(3)
  expect(screen.getByRole('columnheader', { name: 'Name' }).getAttribute('aria-sort')).toBe('ascending')
  fireEvent.click(screen.getByRole('button', { name: 'Name' }))
  fireEvent.click(screen.getByRole('button', { name: 'Age' }))
  expect(onSort.mock.calls).toEqual([
    ['name', 'desc'],
    ['age', 'desc'],
  ])
})

test('renders only the rows near the viewport out of ten thousand', () => {
  show(10_000)
  expect(document.querySelectorAll('tr[data-row]').length).toBeLessThan(200)
  expect(screen.getByRole('table').getAttribute('aria-rowcount')).toBe('10001')
})

test('the button for waiting changes stays while the pointer moves to it, and leaving the list shows them', () => {
  const tableOf = (rows: number[]) => (
    <Table caption="Rows" columns={columns} rows={rows} rowKey={String} rowHref={href} reading />
  )
  const first = () => screen.getAllByRole('link')[0]?.textContent
  const { rerender } = render(tableOf([2, 3]))
  fireEvent.pointerMove(screen.getByText('row 2'))
  rerender(tableOf([1, 2, 3]))
  const offer = screen.getByRole('button', { name: '1 change: show' })
  fireEvent.pointerOut(screen.getByText('row 2'), { relatedTarget: screen.getByRole('columnheader', { name: 'Age' }) })
  fireEvent.pointerOut(screen.getByRole('columnheader', { name: 'Age' }), { relatedTarget: offer })
  expect(first()).toBe('row 2')
  fireEvent.click(offer)
  expect(first()).toBe('row 1')

  rerender(tableOf([0, 1, 2, 3]))
  expect(first()).toBe('row 1')
  fireEvent.pointerOut(screen.getByText('row 1'), { relatedTarget: document.body })
  expect(first()).toBe('row 0')
})

test('select-all is offered only when the rows answer the current query', () => {
  const onCheckAll = vi.fn()
  const table = (outdated: boolean) => (
    <Table
      caption="Rows"
      columns={columns}
      rows={[1, 2, 3]}
      rowKey={String}
      outdated={outdated}
      selection={{ keys: new Set(), nameOf: (row) => `row ${row}`, onCheck: vi.fn(), onCheckAll }}
    />
  )
  const { rerender } = render(table(true))
  fireEvent.click(screen.getByLabelText('Select all 3 rows'))
  expect(onCheckAll).not.toHaveBeenCalled()
  rerender(table(false))
  fireEvent.click(screen.getByLabelText('Select all 3 rows'))
  expect(onCheckAll).toHaveBeenCalledWith([1, 2, 3], true)
})

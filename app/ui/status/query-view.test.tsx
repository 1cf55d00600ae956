// @vitest-environment happy-dom

import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { TRPCClientError } from '@trpc/client'
import { afterEach, expect, test, vi } from 'vitest'
import { type QueryResult, QueryView } from './query-view'

afterEach(cleanup)

const waiting: QueryResult<string[]> = { data: undefined, isError: false, error: null, refetch: vi.fn() }
const failedWith = (error: unknown): QueryResult<string[]> => ({ ...waiting, isError: true, error })

const view = (query: QueryResult<string[]>, notFound?: string) => (
  <QueryView query={query} failed="Could not load the nodes" loading="Loading nodes" notFound={notFound}>
    {(names) => <p>{names.join(' and ')}</p>}
  </QueryView>
)

const refusalOf = (code: string) =>
  Object.assign(new TRPCClientError('There is no such node'), { data: { code, fields: [] } })

test('shows that it is loading until there is an answer, and then the answer', () => {
  const { rerender } = render(view(waiting))
  expect(screen.getByRole('status').textContent).toBe('Loading nodes…')
  rerender(view({ ...waiting, data: ['node-01', 'node-02'] }))
  expect(screen.getByText('node-01 and node-02')).toBeTruthy()
  expect(screen.queryByRole('status')).toBeNull()
})

test('shows something else than a label while it is loading', () => {
  render(
    <QueryView query={waiting} failed="Could not load the nodes" loading={<p>not asked yet</p>}>
      {() => null}
    </QueryView>,
  )
  expect(screen.getByText('not asked yet')).toBeTruthy()
  expect(screen.queryByRole('status')).toBeNull()
})

test('names the failure and its cause, and asks again on request', () => {
  const query = failedWith(new Error('The disk is full'))
  render(view(query))
  expect(screen.getByRole('alert').textContent).toContain('Could not load the nodes')
  expect(screen.getByRole('alert').textContent).toContain('The disk is full.')
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }))
  expect(query.refetch).toHaveBeenCalledOnce()
})

test('keeps an answer visible when reading it again fails', () => {
  render(view({ ...failedWith(new Error('offline')), data: ['node-01'] }))
  expect(screen.getByText('node-01')).toBeTruthy()
  expect(screen.queryByRole('alert')).toBeNull()
})

test('an empty answer and null are answers', () => {
  const { container, rerender } = render(view({ ...waiting, data: [] }))
  expect(container.innerHTML).toBe('<p></p>')
  rerender(
    <QueryView query={{ ...waiting, data: null }} failed="Could not load the reasons" loading="Asking">
      {(reasons) => <p>{String(reasons)}</p>}
    </QueryView>,
  )
  expect(screen.getByText('null')).toBeTruthy()
})

test('says that a thing does not exist, where the page has words for that', () => {
  const { rerender } = render(view(failedWith(refusalOf('NOT_FOUND')), 'Node not found'))
  expect(screen.getByText('Node not found')).toBeTruthy()
  expect(screen.queryByRole('alert')).toBeNull()
  rerender(view(failedWith(refusalOf('FORBIDDEN')), 'Node not found'))
  expect(screen.queryByText('Node not found')).toBeNull()
  expect(screen.getByRole('alert')).toBeTruthy()
  rerender(view(failedWith(refusalOf('NOT_FOUND'))))
  expect(screen.getByRole('alert')).toBeTruthy()
})

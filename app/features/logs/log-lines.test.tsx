// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from '@testing-library/react'
import { useState } from 'react'
import { afterEach, expect, test, vi } from 'vitest'
import { LogBuffer, mostRows } from './log-buffer'
import { LogLines } from './log-lines'

afterEach(cleanup)

const aLog = (count: number): LogBuffer => {
  const buffer = new LogBuffer()
  const lines = Array.from({ length: count }, (_, i) => ({
    at: `2026-01-01T00:00:00.${String(i).padStart(9, '0')}Z`,
    stream: 'stdout' as const,
    text: `line ${i}`,
  }))
  buffer.add([{ replicaId: 'a', seq: 1, gap: false, lines }])
  return buffer
}

function Shown({ rows, onFollow = () => undefined }: { rows: LogBuffer['rows']; onFollow?: (next: boolean) => void }) {
  const [follow, setFollow] = useState(true)
  const change = (next: boolean) => {
    setFollow(next)
    onFollow(next)
  }
  const statusStyles = { times: true, wrap: false, query: '', current: null }
  return <LogLines rows={rows} sources={new Map()} {...statusStyles} follow={follow} onFollow={change} />
}

const drawn = (container: HTMLElement) => [...container.querySelectorAll('[data-line]')].map((line) => line.textContent)

test('renders only the visible part of the longest log: its end while following', () => {
  const { container, rerender } = render(<Shown rows={aLog(mostRows + 5).rows} />)
  expect(drawn(container).length).toBeGreaterThan(20)
  expect(drawn(container).length).toBeLessThan(200)
  expect(drawn(container).at(-1)).toContain(`line ${mostRows + 4}`)
  rerender(<Shown rows={aLog(50).rows} />)
  expect(drawn(container).at(-1)).toContain('line 49')
})

test('scrolling up stops following and shows a button to resume', () => {
  const onFollow = vi.fn()
  const { container } = render(<Shown rows={aLog(10_000).rows} onFollow={onFollow} />)
  const region = screen.getByRole('region', { name: 'Lines' })
  Object.defineProperties(region, { scrollHeight: { value: 200_000 }, clientHeight: { value: 400 } })
  region.scrollTop = 100_000
  fireEvent.scroll(region)
  expect(onFollow).toHaveBeenLastCalledWith(false)
  expect(drawn(container).some((line) => line?.includes('line 5000'))).toBe(true)
  fireEvent.click(screen.getByRole('button', { name: 'Follow' }))
  expect(onFollow).toHaveBeenLastCalledWith(true)
  expect(drawn(container).at(-1)).toContain('line 9999')
})

test('ongoing scrolling does not end following, later or deliberate scrolling does', () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(10_000)
  const onFollow = vi.fn()
  render(<Shown rows={aLog(10_000).rows} onFollow={onFollow} />)
  const region = screen.getByRole('region', { name: 'Lines' })
  Object.defineProperties(region, { scrollHeight: { value: 200_000 }, clientHeight: { value: 400 } })
  const scrollUp = (): void => {
    region.scrollTop = 100_000
    fireEvent.scroll(region)
  }
  scrollUp()
  fireEvent.click(screen.getByRole('button', { name: 'Follow' }))
  onFollow.mockClear()
  now.mockReturnValue(10_100)
  scrollUp()
  expect(onFollow).not.toHaveBeenCalled()
  expect(region.scrollTop).toBe(200_000)
  now.mockReturnValue(11_000)
  scrollUp()
  expect(onFollow).toHaveBeenLastCalledWith(false)

  fireEvent.click(screen.getByRole('button', { name: 'Follow' }))
  now.mockReturnValue(11_100)
  fireEvent.keyDown(region, { key: 'Home' })
  scrollUp()
  expect(onFollow).toHaveBeenLastCalledWith(false)
  now.mockRestore()
})

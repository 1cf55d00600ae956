import { expect, test } from 'vitest'
import { imageProblem } from './image'

test.each([
  'nginx',
  'nginx:latest',
  'sim/slow:20s',
  'library/nginx:1.27-alpine',
  'ghcr.io/team/app:v1.2.3',
  'localhost/app',
  'localhost:5000/app:dev',
  'registry.example.com:5000/a/b/c',
  'my__image',
  'a-b--c/d.e_f',
  `nginx@sha256:${'0'.repeat(64)}`,
  `nginx:1@sha256:${'f'.repeat(64)}`,
  '10.0.0.1:5000/x',
])('%s is an image reference', (reference) => {
  expect(imageProblem(reference)).toBeNull()
})

test.each([
  ['', 'Name an image'],
  ['Nginx', 'lower case'],
  ['nginx latest', 'no spaces'],
  ['nginx:', 'not a tag'],
  ['nginx:la test', 'no spaces'],
  ['nginx:-x', 'not a tag'],
  [`nginx:${'x'.repeat(129)}`, 'not a tag'],
  ['/nginx', 'no empty parts'],
  ['a//b', 'no empty parts'],
  ['nginx@sha256:abc', 'not a digest'],
  ['nginx@a@b', 'at most one @'],
  ['-nginx', 'not a valid part'],
  ['a/b_.c', 'not a valid part'],
  ['http://example.com/x', 'Leave out http://'],
  ['exa_mple.com:x/app', 'host name'],
  ['x'.repeat(501), 'At most 500'],
])('“%s” is refused: %s', (reference, why) => {
  expect(imageProblem(reference)).toContain(why)
})

import { expect, test } from 'vitest'
import { canonicalImage, imageProblem, imageWithDigest, shortDigest } from './image'

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

test.each([
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:latest', 'docker.io/library/nginx:latest'],
  ['library/nginx', 'docker.io/library/nginx:latest'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest'],
  ['index.docker.io/team/app:2', 'docker.io/team/app:2'],
  ['team/app', 'docker.io/team/app:latest'],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['localhost:5000/a/b:2', 'localhost:5000/a/b:2'],
  [`nginx:1@sha256:${'f'.repeat(64)}`, `docker.io/library/nginx@sha256:${'f'.repeat(64)}`],
])('%s is %s', (reference, canonical) => {
  expect(canonicalImage(reference)).toBe(canonical)
})

test('a pinned reference keeps its tag, and a new digest replaces the old one', () => {
  const [old, digest] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`)
  expect(imageWithDigest('team/app:2', digest ?? '')).toBe(`team/app:2@${digest}`)
  expect(imageWithDigest(`team/app:2@${old}`, digest ?? '')).toBe(`team/app:2@${digest}`)
  expect(shortDigest(digest ?? '')).toBe('sha256:bbbbbbbbbbbb')
})

import { StatusIcon } from '@/app/ui/status/status-icon'
import { Time } from '@/app/ui/text/time'
import { shortDigest } from '@/core/deployments/image'
import type { RevisionImageView } from '@/core/views/deployments'

/** The digest that the image reference resolved to in this revision, and whether its tag has moved since. */
export function ImageContent({ image }: { image: RevisionImageView | null }) {
  if (!image) return null
  const { digest, verified, resolvedBy, newer } = image
  return (
    <span className="block text-meta text-ink-2">
      <span className="font-mono" title={`${digest}, resolved by ${resolvedBy}`}>
        {shortDigest(digest)}
      </span>
      {!verified && (
        <span
          className="ml-2 text-ink-3"
          title="No registry has a digest for this image: nodes compare the ids of their local images"
        >
          unverified
        </span>
      )}
      {newer && (
        <span className="ml-2 text-progressing" title={`${newer.digest}: redeploy to run it`}>
          <StatusIcon name="arrow" className="mr-1 inline align-[-2px]" />a newer image is available, seen{' '}
          <Time at={newer.seenAt} />
        </span>
      )}
    </span>
  )
}

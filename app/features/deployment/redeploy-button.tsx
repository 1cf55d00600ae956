import { useMutation, useQueryClient } from '@tanstack/react-query'
import { CloudDownload } from 'lucide-react'
import { useTRPC } from '@/app/trpc'
import { Button } from '@/app/ui/button'
import { FieldError } from '@/app/ui/form/field'
import { useNotice } from '@/app/ui/overlay/notice'
import { errorSentence } from '@/app/ui/text/errors'
import type { DeploymentDetail } from '@/core/views/deployments'

/** Redeploys what the image tag points to now. Replicas are replaced one by one; a rollback undoes it. */
export function RedeployButton({ deployment: { id, name, blocked } }: { deployment: DeploymentDetail }) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const notice = useNotice()
  const redeploy = useMutation(
    trpc.deployment.redeploy.mutationOptions({
      onSuccess: async () => {
        notice({ text: `Redeploying ${name}` })
        await queries.invalidateQueries({ queryKey: trpc.deployment.pathKey() })
      },
    }),
  )
  return (
    <>
      <Button
        icon={<CloudDownload size={14} aria-hidden />}
        busy={redeploy.isPending}
        blocked={blocked.redeploy}
        title="Pulls the image again and replaces replicas one by one"
        onClick={() => redeploy.mutate({ deployment_id: id })}
      >
        Redeploy
      </Button>
      {redeploy.error && <FieldError className="basis-full">{errorSentence(redeploy.error)}</FieldError>}
    </>
  )
}

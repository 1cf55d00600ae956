-- DropIndex
DROP INDEX "nodes_node_id_key";

-- AlterTable
ALTER TABLE "deployment_replicas" ADD COLUMN     "revision" INTEGER NOT NULL DEFAULT 1;

-- AlterTable
ALTER TABLE "deployments" ADD COLUMN     "revision" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN     "start_replicas" INTEGER;

-- AlterTable
ALTER TABLE "nodes" ADD COLUMN     "maintenance_wanted" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "removed_at" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "deployment_revisions" (
    "deployment_id" UUID NOT NULL,
    "revision" INTEGER NOT NULL,
    "spec" JSONB NOT NULL,
    "env_sealed" BYTEA,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reason" TEXT NOT NULL,

    CONSTRAINT "deployment_revisions_pkey" PRIMARY KEY ("deployment_id","revision")
);

-- AddForeignKey
ALTER TABLE "deployment_revisions" ADD CONSTRAINT "deployment_revisions_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Below this line: what prisma/schema.prisma has no words for, written by hand.

-- A removed node gives its name free.
CREATE UNIQUE INDEX "nodes_node_id_key" ON "nodes" ("node_id") WHERE "removed_at" IS NULL;

ALTER TABLE "deployments"
  ADD CONSTRAINT "deployments_revision_check" CHECK ("revision" >= 1),
  ADD CONSTRAINT "deployments_start_replicas_check" CHECK ("start_replicas" BETWEEN 1 AND 100);
ALTER TABLE "deployment_replicas" ADD CONSTRAINT "deployment_replicas_revision_check" CHECK ("revision" >= 1);

-- What left the fleet holds nothing, and its credential opens nothing.
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_removed_check"
  CHECK ("removed_at" IS NULL OR ("reserved_cpu_millis" = 0 AND "reserved_memory_mb" = 0 AND "status" = 'maintenance'));

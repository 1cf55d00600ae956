-- AlterTable
ALTER TABLE "deployment_replicas" ADD COLUMN     "released_at" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "audit_log_subject_id_id_idx" ON "audit_log"("subject_id", "id");

-- CreateIndex
CREATE INDEX "deployment_status_history_changed_at_idx" ON "deployment_status_history"("changed_at");

-- CreateIndex
CREATE INDEX "node_events_at_idx" ON "node_events"("at");

-- CreateIndex
CREATE INDEX "replica_status_history_changed_at_idx" ON "replica_status_history"("changed_at");

-- Below this line: what prisma/schema.prisma has no words for, written by hand.

-- The last thing that was done to a row whose reservation is gone was, as good as always, to give it back.
UPDATE "deployment_replicas" SET "released_at" = "updated_at" WHERE NOT "reserved";

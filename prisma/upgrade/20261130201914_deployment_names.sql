-- AlterTable
ALTER TABLE "deployments" ADD COLUMN     "name_claim" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "deployments_name_claim_key" ON "deployments"("name_claim");

-- Of deployments that share a name already, all stay; the oldest has the name.
UPDATE "deployments" SET "name_claim" = "name" WHERE "id" IN (
  SELECT DISTINCT ON ("name") "id" FROM "deployments" WHERE "deleted_at" IS NULL ORDER BY "name", "created_at", "id"
);

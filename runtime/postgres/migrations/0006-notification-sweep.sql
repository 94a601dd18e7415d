-- A delivery that nobody needs any more, because the task is done or the channel is turned off, is cancelled.
ALTER TABLE reminder_deliveries DROP CONSTRAINT reminder_deliveries_status_check;
ALTER TABLE reminder_deliveries ADD CONSTRAINT reminder_deliveries_status_check
  CHECK (status IN ('pending', 'delivered', 'failed', 'cancelled'));

-- Up to where every reminder that came due was found to have its deliveries; one row.
CREATE TABLE notification_sweep (
  is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  swept_to timestamptz NOT NULL
);
INSERT INTO notification_sweep (swept_to) VALUES ('epoch');

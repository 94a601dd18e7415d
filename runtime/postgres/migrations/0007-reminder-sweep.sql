-- The sweep goes through the users with pending reminders in the order of these, however many come at one moment.
DROP INDEX reminders_pending;
CREATE INDEX reminders_pending ON reminders (due_at, user_id) WHERE status = 'pending';

-- What of a user's reminders is not through with its channels, among all that are.
CREATE INDEX reminder_deliveries_open ON reminder_deliveries (user_id, status, reminder_id) WHERE status <> 'delivered';

/**
 * From which figure on something is worth a warning: the alerts of deploy/prometheus/alerts.yml and `doctor` go by the
 * same ones. Counts of messages or events: more than so many.
 */
export const THRESHOLDS = {
  unrouted: 0,
  rejected: 0,
  replies: 5000,
  refused: 0,
} as const;

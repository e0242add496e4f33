"""The people: how much waits for them, how long, and how often they disagree."""

from deploy.grafana.panels import Dashboard, Limit, Panel, Query, one

_APPEALS = "trackgate_moderation_appeals_by_reason_total"

MODERATION = Dashboard(
    name="moderation",
    title="moderation",
    about="Queue, due times, outcomes, precision by reason.",
    span="now-7d",
    panels=(
        one(
            "Open cases",
            "Quarantined tracks that wait for a person.",
            'max(trackgate_moderation_cases{state="open"})',
            limits=(Limit(500, "orange"),),
        ),
        one(
            "Overdue",
            "Open for longer than the due time.",
            "max(trackgate_moderation_overdue_cases)",
            limits=(Limit(1, "red"),),
        ),
        one(
            "Oldest case",
            "How long the artist who waits longest has waited.",
            "max(trackgate_moderation_oldest_case_seconds)",
            unit="s",
            limits=(Limit(57_600, "orange"), Limit(86_400, "red")),
        ),
        one(
            "Overturned",
            "Share of answers that published a held track without a label: the price that the innocent pay.",
            'sum(increase(trackgate_reviews_applied_total{before="quarantine",after="publish"}[$__range]))'
            ' / sum(increase(trackgate_reviews_applied_total{before="quarantine"}[$__range]))',
            unit="percentunit",
            limits=(Limit(0.3, "orange"), Limit(0.5, "red")),
        ),
        one(
            "Answers that wait for the broker",
            "Given by a person, and not acknowledged. They are sent again by themselves.",
            'max(trackgate_moderation_cases{state="unsent"})',
            limits=(Limit(1, "orange"),),
        ),
        one(
            "Time to an answer, median",
            "From the decision that held the track to the answer taking effect.",
            "histogram_quantile(0.5, sum by (le) (increase(trackgate_review_seconds_bucket[$__range])))",
            unit="s",
        ),
        one(
            "Due times missed",
            "Since the queue was last rebuilt. Every worker tells the same number.",
            "max(trackgate_moderation_breaches)",
            limits=(Limit(1, "orange"),),
        ),
        one(
            "Queue",
            "open: wait for a person. free: unclaimed. pending: answered, policy is about to decide.",
            "max by (state) (trackgate_moderation_cases)",
            kind="timeseries",
            legend="{{state}}",
        ),
        one(
            "Age of the oldest case",
            "The lines of due time and two thirds of it.",
            "max(trackgate_moderation_oldest_case_seconds)",
            kind="timeseries",
            unit="s",
            legend="oldest",
            limits=(Limit(57_600, "orange"), Limit(86_400, "red")),
        ),
        Panel(
            "Held and answered",
            "Tracks an hour. Held above answered for days: the queue grows without end.",
            (
                Query(
                    'sum(increase(trackgate_decisions_total{outcome="quarantine",by="policy"}[1h]))', "held"
                ),
                Query('sum(increase(trackgate_reviews_applied_total{before="quarantine"}[1h]))', "answered"),
            ),
        ),
        one(
            "Answers",
            "What people decided about held tracks.",
            'sum by (after) (increase(trackgate_reviews_applied_total{before="quarantine"}[$__range]))',
            kind="bargauge",
            legend="{{after}}",
        ),
        one(
            "Precision by reason",
            "Share of answers that upheld (label or reject) what each reason held. Low: the rule holds the "
            "wrong tracks.",
            'sum by (code) (increase(trackgate_reviewed_reasons_total{after=~"label|reject"}[$__range]))'
            " / (sum by (code) (increase(trackgate_reviewed_reasons_total[$__range])) > 0)"
            " or 0 * sum by (code) (increase(trackgate_reviewed_reasons_total[$__range]))",
            kind="bargauge",
            unit="percentunit",
            legend="{{code}}",
        ),
        one(
            "Appeals by reason",
            "Share of answered appeals that overturned what each reason had held.",
            f'sum by (reason) (increase({_APPEALS}{{outcome="overturned"}}[$__range]))'
            f" / (sum by (reason) (increase({_APPEALS}[$__range])) > 0)"
            f" or 0 * sum by (reason) (increase({_APPEALS}[$__range]))",
            kind="bargauge",
            unit="percentunit",
            legend="{{reason}}",
        ),
        one(
            "Bulk actions",
            "Cases an hour by what became of them: answered, left, undone.",
            "sum by (outcome) (increase(trackgate_moderation_bulk_cases_total[1h]))",
            kind="timeseries",
            legend="{{outcome}}",
        ),
        one(
            "Superseded decisions",
            "By outcome before and after. publish to quarantine: caught after release.",
            "sum by (before, after) (increase(trackgate_decisions_superseded_total[$__range]))",
            kind="table",
        ),
    ),
)

"""Who delivers what: the first fifty distributors by name, the rest as ``other``."""

from deploy.grafana.panels import Dashboard, Panel, one

_LEAST = 1


def _top(title: str, about: str, kind: str) -> Panel:
    share = (
        f'sum by (distributor) (trackgate_distributor_tracks_total{{kind="{kind}"}})'
        f' / sum by (distributor) (trackgate_distributor_tracks_total{{kind="all"}} > {_LEAST - 1})'
    )
    return one(
        title, about, f"topk(10, {share})", kind="bargauge", unit="percentunit", legend="{{distributor}}"
    )


DISTRIBUTORS = Dashboard(
    name="distributors",
    title="distributors",
    about="Top ten by share of generated music, of clones, of undeclared AI; volumes. Counts run since the "
    "policy workers started.",
    span="now-7d",
    panels=(
        one(
            "Distributors seen",
            "That delivered since ingest started; 50 at most are told apart.",
            "count(sum by (distributor) (trackgate_uploads_total))",
        ),
        one(
            "Clones, all",
            "Tracks with a protected voice and no consent.",
            'sum(trackgate_screened_tracks_total{kind="clone"})',
        ),
        one(
            "Undeclared AI, all",
            "Tracks found likely generated with nothing, or none, declared.",
            'sum(trackgate_screened_tracks_total{kind="undeclared"})',
        ),
        _top(
            "Top ten by share of generated music",
            "Likely generated over all. Generated music may be delivered; undeclared it may not.",
            "generated",
        ),
        _top(
            "Top ten by share of clones",
            "Protected voices without consent over all: call them.",
            "clone",
        ),
        _top(
            "Top ten by share of undeclared AI",
            "Found likely generated, declared as nothing or none.",
            "undeclared",
        ),
        one(
            "Volume",
            "Tracks accepted, most first.",
            "topk(10, sum by (distributor) (trackgate_uploads_total))",
            kind="bargauge",
            legend="{{distributor}}",
        ),
        one(
            "Coming in by distributor",
            "Tracks a minute.",
            "60 * sum by (distributor) (rate(trackgate_uploads_total[$__rate_interval]))",
            kind="timeseries",
            legend="{{distributor}}",
            stacked=True,
        ),
        one(
            "Declared",
            "What distributors say about generated content, all together.",
            "sum by (ai_use) (trackgate_uploads_declared_total)",
            kind="bargauge",
            legend="{{ai_use}}",
        ),
    ),
)

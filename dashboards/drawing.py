"""From a board to Grafana's JSON, by grafana-foundation-sdk: where panels lie, how they look.
What is in them is the boards'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    GridPos,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from dashboards.panels import Board, Panel

WIDTH, HIGH, LOW = 24, 8, 4
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
CHOICES = "chatd_build_info|chatd_canary_start_time_seconds|chatd_backup_size_bytes"
"""What daemons, canaries and backups tell of themselves: these three can be chosen."""
GREEN, RED = "green", "red"


def draw(board: Board) -> str:
    """The file's text."""
    made = (
        dashboard.Dashboard(f"chatd / {board.title}")
        .uid(f"chatd-{board.name}")
        .description(board.says)
        .tags(["chatd"])
        .time("now-6h", "now")
        .refresh("30s")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(
            dashboard.DashboardLink("chatd")
            .type(DashboardLinkType.DASHBOARDS)
            .tags(["chatd"])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
        )
        .with_variable(
            dashboard.DatasourceVariable("datasource").type("prometheus").label("Data source")
        )
        .with_variable(_choice("job", "Job", f'label_values({{__name__=~"{CHOICES}"}}, job)'))
        .with_variable(
            _choice(
                "instance",
                "Instance",
                f'label_values({{__name__=~"{CHOICES}", job=~"$job"}}, instance)',
            )
        )
    )
    for each in _placed(board):
        made = made.with_row(each) if isinstance(each, dashboard.Row) else made.with_panel(each)
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"


def _choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .all_value(".+")
        .current(VariableOption(selected=True, text="All", value="$__all"))
    )


def _placed(board: Board) -> Iterator[Any]:
    """Headings and panels from top to bottom, each with its place and number."""
    y, number = 0, 0
    for section in board.sections:
        number += 1
        place = GridPos(h=1, w=WIDTH, x=0, y=y)
        yield dashboard.Row(section.title).id(number).grid_pos(place)
        y += 1
        for row in section.rows:
            width = WIDTH // len(row)
            height = max(LOW if panel.kind == "number" else HIGH for panel in row)
            for column, panel in enumerate(row):
                number += 1
                place = GridPos(h=height, w=width, x=column * width, y=y)
                yield _panel(panel).id(number).grid_pos(place)
            y += height


def _panel(panel: Panel) -> Any:
    made = _number(panel) if panel.kind == "number" else _lines(panel)
    made = made.title(panel.title).description(panel.says).unit(panel.unit).datasource(SOURCE)
    if panel.most is not None:
        made = made.max(panel.most)
    for letter, query in zip("ABCDEF", panel.queries, strict=False):
        target = prometheus.Dataquery().expr(query.text).legend_format(query.legend)
        made = made.with_target(target.ref_id(letter).datasource(SOURCE))
    return made


def _lines(panel: Panel) -> timeseries.Panel:
    made = (
        timeseries.Panel()
        .min(0)
        .line_width(1)
        .fill_opacity(40 if panel.stacked else 10)
        .show_points(looks.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(looks.LegendDisplayMode.LIST)
            .placement(looks.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(looks.TooltipDisplayMode.MULTI)
            .sort(looks.SortOrder.DESCENDING)
        )
    )
    if panel.stacked:
        made = made.stacking(common.StackingConfig().mode(looks.StackingMode.NORMAL).group("A"))
    return made


def _number(panel: Panel) -> stat.Panel:
    reduce = common.ReduceDataOptions().calcs(["lastNotNull"])
    mode = looks.BigValueTextMode.NAME if panel.names else looks.BigValueTextMode.VALUE
    return (
        stat.Panel()
        .reduce_options(reduce)
        .text_mode(mode)
        .color_mode(looks.BigValueColorMode.VALUE)
        .graph_mode(looks.BigValueGraphMode.NONE)
        .thresholds(
            dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(_thresholds(panel))
        )
    )


def _thresholds(panel: Panel) -> list[Threshold]:
    if panel.bad is None:
        return [Threshold(value=None, color=GREEN)]
    under, over = (RED, GREEN) if panel.low else (GREEN, RED)
    return [Threshold(value=None, color=under), Threshold(value=panel.bad, color=over)]

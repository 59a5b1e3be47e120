"""Figures: asked for by slug, with period, moment and grouping; each leads on to the events behind it."""

from api.kpis.answer import KpiGroup, KpiResult
from api.kpis.asking import ask, ask_as_of

__all__ = ["KpiGroup", "KpiResult", "ask", "ask_as_of"]

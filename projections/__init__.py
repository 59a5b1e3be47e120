"""Answers: one folder per question with a table and one SELECT over `history`; the figures are in `kpis`."""

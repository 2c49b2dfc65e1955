"""Figures for papers: ``drivebench plot KIND``, one file a kind."""

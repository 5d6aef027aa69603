"""The data report: one page on which a person sees what a dataset holds."""

from segue_model.report.writing import write_report

__all__ = ["write_report"]

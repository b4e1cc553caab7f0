"""The dashboard of the chart, with figures of a real load."""

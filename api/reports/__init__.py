"""Report what happened in a day or a week, as the plans of 2021 ask for it at 16:00."""

"""Pages of residents and visitors: sign-up, active alerts, here, a town's display; and the web app's files."""

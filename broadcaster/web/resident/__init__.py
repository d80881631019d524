"""The pages of residents and visitors: sign-up, what holds for them, here, a town's display; and what installs them."""

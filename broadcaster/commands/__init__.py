"""The commands of ``tocsin``, one file per group; ``broadcaster.cli`` assembles them."""

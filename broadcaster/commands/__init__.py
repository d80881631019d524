"""What ``tocsin`` can do, one file a group of commands; ``broadcaster.cli`` puts them together."""

"""Import of subscriber lists: a list is read, compared with the register, and applied whole or not at all."""

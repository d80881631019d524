"""Import of subscriber lists: read, compared with the register, applied whole or not at all."""

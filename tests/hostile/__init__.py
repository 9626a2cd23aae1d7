"""What an enemy, a worn QR code or a failing disk may send: every flipped bit, every door, inputs of a megabyte."""

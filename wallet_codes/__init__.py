"""Regional codes: minted, drawn, decoded and redeemed."""

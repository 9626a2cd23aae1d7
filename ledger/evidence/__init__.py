"""What makes a state of the chain believable without any operator: proofs, and the program that judges them."""

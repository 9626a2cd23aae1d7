"""What is proved on the engines that a deployment of size stands on."""

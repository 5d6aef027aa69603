"""From raw songs and listens to the dataset folder, on one machine or many."""

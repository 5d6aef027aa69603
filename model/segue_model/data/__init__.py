"""Where songs and listens come from: the dataset folder, and the sources that write one."""

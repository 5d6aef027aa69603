"""The command line of the model room: `segue-model ingest …`, `… dataset …`, `… train …`."""

import click

from segue_model.data.commands import dataset
from segue_model.ingest.commands import ingest
from segue_model.training import train


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make datasets and train the engines that rank songs."""


main.add_command(ingest)
main.add_command(dataset)
main.add_command(train)

if __name__ == "__main__":
    main()

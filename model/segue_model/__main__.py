"""The command line of the model room: `segue-model ingest`, `train`, `evaluate`, `check`, …."""

import click

from segue_model.bulk.commands import gram, recommend_all
from segue_model.data.commands import dataset
from segue_model.evaluation.commands import evaluate
from segue_model.gate.command import check
from segue_model.ingest.commands import ingest
from segue_model.training import train


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Make datasets and train the engines that rank songs."""


main.add_command(ingest)
main.add_command(dataset)
main.add_command(train)
main.add_command(evaluate)
main.add_command(check)
main.add_command(gram)
main.add_command(recommend_all)

if __name__ == "__main__":
    main()

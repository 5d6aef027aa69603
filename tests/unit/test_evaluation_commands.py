"""What `segue-model evaluate` takes is what the contract can tell of it later."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from segue_model.evaluation.commands import evaluate


@pytest.mark.parametrize("command", ["run", "split"])
@pytest.mark.parametrize("seed", [-1, 2**31])
def test_a_seed_beyond_the_contracts_integers_is_refused(
    tmp_path: Path, command: str, seed: int
) -> None:
    done = CliRunner().invoke(evaluate, [command, str(tmp_path), f"--seed={seed}"])
    assert done.exit_code == 2
    assert "0<=x<=2147483647" in done.output
